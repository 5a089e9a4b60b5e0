'use strict'

// What the README says in figures about its tests: `node scripts/counts.js` prints the table, `--write` puts it into the README. Counted are test functions in
// the sources; one that runs in a loop counts once. The acts of the hostile addon are counted by the addon, which takes a compiler and some seconds.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const README = path.join(ROOT, 'README.md')
const HEAD = '| what holds | tests | and |\n| --- | --- | --- |\n'

/** Where the tests of each sentence are; a file is counted where it is named first. */
const AREAS = [
  ['a forked child harms nobody, and its failures do not reach the service', /^__test__\/fork|^src\/fork\//],
  ['a file is whole or not there, and no other is replaced or removed', /^__test__\/(files|stream|disk-hangs|system-error)\.|^src\/sink\/|^src\/binding\/|^tests\/(files|sink)/],
  ['the handler lets in nobody who may not, and gives out nothing but artifacts', /^__test__\/http/],
  ['the process lives, and exits when it would without heapkit: signals, workers, limits', /^__test__\/(lifecycle|workers|signal|register|slot|time|deadline|endings|copies|by-pid)\.|^src\/(host\/|process|alarms|readers|error)/],
  ['snapshots from strangers are read or refused, and redacted ones keep their secrets', /^__test__\/(heap|redact|cli|leaks|source-maps|browser\/(report|snapshot))|^src\/(heap|source_maps)\/|^tests\/heap/],
  ['captures hold what V8 saw, and options do what they say', /^__test__\/(snapshot|sampling|allocations|timeline|cpu|threads|profile|formats|capture-maps|peers|browser\/(flame|speedscope)|object-ids|read-out|diagnostics|options)\.|^src\/profile\/|^tests\/profile/],
  ['the package, its types and its modules are what they should be', /^__test__\/(package|install|types|architecture|counts|runtimes|workflows)/]
]

/** The number of test functions in each area; an error for a file that no area has. */
function countTests () {
  const counts = AREAS.map(() => 0)
  for (const file of testFiles()) {
    const text = fs.readFileSync(path.join(ROOT, file), 'utf8')
    const number = text.match(file.endsWith('.rs') ? /^\s*#\[test\]/gm : /^\s*(?:await )?(?:t\.)?test\(/gm)?.length ?? 0
    if (number === 0) continue
    const area = AREAS.findIndex(([, pattern]) => pattern.test(file))
    if (area === -1) throw new Error(`${file} has tests, but no place in scripts/counts.js`)
    counts[area] += number
  }
  return counts
}

function testFiles () {
  return [['__test__', /\.(test\.js|tst\.ts)$/], ['src', /\.rs$/], ['tests', /\.rs$/]].flatMap(([dir, pattern]) =>
    fs.readdirSync(path.join(ROOT, dir), { recursive: true })
      // Libraries that leak bring tests of their own.
      .filter((name) => pattern.test(name) && !name.includes('node_modules'))
      .map((name) => path.posix.join(dir, name.split(path.sep).join('/'))))
}

/** { cells, versions, fuzzTargets } */
function countOthers () {
  const { CELLS } = require('../__test__/fixtures/fork-stress')
  const { VERSIONS } = require('./matrix')
  return {
    cells: Object.keys(CELLS).length,
    versions: VERSIONS.length,
    fuzzTargets: fs.readdirSync(path.join(ROOT, 'fuzz/fuzz_targets')).length
  }
}

function countActs () {
  const { ENDINGS, runHostile } = require('../__test__/fixtures/hostile')
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-counts-'))
  try {
    const { trials: [outcome], died } = runHostile({ node: process.execPath, version: process.versions.node, dir, trials: 1 })
    if (!outcome) throw new Error(died)
    return outcome.acts.length + ENDINGS.length
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

function table (acts) {
  const { cells, versions, fuzzTargets } = countOthers()
  const more = [
    `${acts} acts of a hostile addon; ${cells} cells of the stress matrix, on ${versions} versions of Node`, '', '', '',
    `${fuzzTargets} fuzz targets`, '', ''
  ]
  const counts = countTests()
  return HEAD + AREAS.map(([what], index) => `| ${what} | ${counts[index]} |${more[index] && ` ${more[index]}`} |\n`).join('')
}

/** What the README says: the figures of its table, row by row. */
function claimed () {
  const rows = inReadme().slice(HEAD.length).trim().split('\n').map((row) => row.split('|').map((cell) => cell.trim()))
  const [acts, cells, versions] = rows[0][3].match(/\d+/g).map(Number)
  return { tests: rows.map(([, what, tests]) => [what, Number(tests)]), acts, cells, versions, fuzzTargets: parseInt(rows[4][3]) }
}

function inReadme () {
  const [found] = /\| what holds \|[^]*?\n(?=\n)/.exec(fs.readFileSync(README, 'utf8'))
  return found
}

function main ([write]) {
  const text = table(countActs())
  if (write === '--write') fs.writeFileSync(README, fs.readFileSync(README, 'utf8').replace(inReadme(), text))
  else process.stdout.write(text)
}

if (require.main === module) main(process.argv.slice(2))

module.exports = { AREAS, claimed, countOthers, countTests }
