'use strict'

// npm run bench:leaks [-- NAME …]: what `heapkit diff` and `memlab find-leaks` say first about the same three snapshots of programs that leak (__test__/leaks).

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs, promisify } = require('node:util')
const { diffSnapshots } = require('../index')
const { DIR, choose, installLibraries, takeSnapshots } = require('../__test__/leaks/support/leaks')
const { VERDICTS, judge, isHalf, missingIn, output } = require('../__test__/leaks/support/verdict')
const { install, titleOf } = require('./support/peers')
const { start, percent } = require('./support/output')

const FILTER = path.join(__dirname, 'support', 'memlab-filter.js')
const OPTIONS = { json: { type: 'boolean' } }
const TIMEOUT_MS = 300_000
// As many lines as diff gives.
const ALL = 10_000

/** Each answers a verdict about three snapshots. */
const SIDES = {
  heapkit: async (leak, files) => judge(leak, await output(['diff', ...files]), await diffSnapshots(files, { top: ALL })),
  'memlab find-leaks': async (leak, files) => judgeTrace(leak, await findLeaks(files)),
  'with a filter that takes all': async (leak, files) => judgeTrace(leak, await findLeaks(files, ['--leak-filter', FILTER]))
}

async function run (names, note) {
  installLibraries()
  note(`leaks: installing ${titleOf('memlab-cli')}`)
  install('memlab-cli')
  const results = []
  for (const name of names) {
    note(`leaks: ${results.length + 1} of ${names.length}, ${name}`)
    results.push({ name, ...await compare(name) })
  }
  const sides = Object.keys(SIDES)
  const score = (side) => VERDICTS.map((verdict) => results.filter((result) => result[side].verdict === verdict).length)
  return {
    tables: [
      { title: 'What the first line says', head: ['', ...sides], rows: results.map((result) => [result.name, ...sides.map((side) => result[side].verdict)]) },
      { title: `The culprit among ${results.length} leaks, ${titleOf('memlab-cli')}`, head: ['', ...VERDICTS, 'share'], rows: sides.map((side) => [side, ...score(side).map(String), percent(score(side)[0] / results.length)]) }
    ],
    claims: [{ claim: 'heapkit names every culprit', value: `${score('heapkit')[0]} of ${results.length}`, holds: score('heapkit')[0] === results.length }],
    data: { leaks: results }
  }
}

async function compare (name) {
  const leak = require(path.join(DIR, name))
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-bench-'))
  try {
    const files = await takeSnapshots(name, { node: process.execPath, mode: 'inline', dir })
    const verdicts = {}
    for (const [side, ask] of Object.entries(SIDES)) verdicts[side] = await ask(leak, files)
    return verdicts
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

/** What memlab prints of its first cluster of traces; nothing, if it finds no leak. */
async function findLeaks ([baseline, target, final], more = []) {
  const cli = path.join(install('memlab-cli'), '..', '@memlab', 'cli', 'bin', 'memlab.js')
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-memlab-'))
  try {
    const args = ['find-leaks', '--baseline', baseline, '--target', target, '--final', final, '--work-dir', dir, ...more]
    // More than that is no answer.
    const running = promisify(execFile)(process.execPath, [cli, ...args], { maxBuffer: 1e9, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' })
    running.child.stdin.end()
    const { stdout, stderr } = await running
    // Its traces go to standard error, its tables to standard output.
    return /--Similar leaks in this run[^]*?\n\n/.exec(stderr + stdout)?.[0] ?? ''
  } catch (error) {
    if (!error.killed) throw error
    return ''
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

/** The whole trace counts as memlab's first line. */
function judgeTrace (leak, trace) {
  const missing = missingIn(leak, trace)
  return { verdict: missing.length === 0 ? 'named' : isHalf(leak, trace) ? 'near' : 'wrong', line: trace }
}

const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
start((_, note) => run(choose(positionals), note), values)
