'use strict'

// npm run test:leaks [-- NAME … --node 20,24 --mode inline,fork --jobs 1 --verbose --keep DIR]: has programs leak, takes two and three snapshots of each, and checks that the
// first line of `heapkit diff` names holder and thing, and that all lines add up to the growth. Exit code 1 unless both hold everywhere.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { diffSnapshots } = require('../index')
const { DIR, choose, installLibraries, takeSnapshots } = require('../__test__/leaks/support/leaks')
const { VERDICTS, judge, addsUp, output, worst } = require('../__test__/leaks/support/verdict')
const { table } = require('../lib/cli/table')
const matrix = require('./matrix')

const OPTIONS = {
  node: { type: 'string', default: '20,24' },
  mode: { type: 'string', default: 'inline,fork' },
  jobs: { type: 'string', default: '1' },
  verbose: { type: 'boolean', default: false },
  keep: { type: 'string' }
}
/** As many as `diff` gives. */
const ALL = 10_000

/** Every judgement about a leak: { where, verdict, why, line, explained }. */
async function check (name, nodes, { mode, keep }) {
  const leak = require(path.join(DIR, name))
  const judgements = []
  for (const { version, node } of nodes) {
    for (const one of mode.split(',')) judgements.push(...await checkOnce(name, leak, { version, node, mode: one, keep }))
  }
  return { name, judgements }
}

async function checkOnce (name, leak, { version, node, mode, keep }) {
  const dir = directory(keep, [name, version.split('.')[0], mode])
  const where = `Node ${version.split('.')[0]} ${mode}`
  try {
    const [first, second, third] = await takeSnapshots(name, { node, mode, dir })
    const judgements = []
    for (const files of [[first, third], [first, second, third]]) {
      const text = await output(['diff', ...files])
      judgements.push({ where: `${where} ${files.length}`, ...judge(leak, text, await diffSnapshots(files, { top: ALL })) })
    }
    return judgements
  } catch (error) {
    return [{ where, verdict: 'wrong', why: error.message, line: '', explained: 0 }]
  } finally {
    if (!keep) fs.rmSync(dir, { recursive: true })
  }
}

/** One of its own in `keep`, or one that is removed later. */
function directory (keep, names) {
  if (!keep) return fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-leaks-'))
  const dir = path.resolve(keep, names.join('-'))
  fs.mkdirSync(dir, { recursive: true })
  return dir
}

/** One row a leak: the worst of its judgements. */
function row ({ name, judgements }) {
  const { verdict, why, line, where } = worst(judgements)
  const shares = judgements.map(({ explained }) => Math.round(explained * 100))
  const explained = [...new Set([Math.min(...shares), Math.max(...shares)])].join(' to ')
  const times = `${judgements.filter(({ verdict }) => verdict === 'named').length}/${judgements.length}`
  return [name, verdict, times, `${explained} %`, `${line}${why && `  (${where}: ${why})`}`]
}

function score (results) {
  const worsts = results.map(({ judgements }) => worst(judgements).verdict)
  const counts = VERDICTS.map((verdict) => `${verdict} ${worsts.filter((one) => one === verdict).length}`).join(', ')
  const adding = results.filter(({ judgements }) => judgements.every(addsUp)).length
  return `Of ${results.length} leaks: ${counts}; the lines add up to the growth in ${adding}`
}

async function main () {
  const { values, positionals } = parseArgs({ options: OPTIONS, allowPositionals: true })
  const names = choose(positionals)
  installLibraries()
  const nodes = matrix.choose(values.node.split(',')).map((version) => ({ version, node: matrix.install(version) }))
  const results = []
  const waiting = [...names]
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      results.push(await check(name, nodes, values))
      if (values.verbose) for (const { where, verdict, why, line, explained } of results.at(-1).judgements) console.log([name, where, verdict, explained.toFixed(3), line, why].join('\t'))
      else console.error(`leaks: ${results.length} of ${names.length}, ${name}`)
    }
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, work))
  results.sort((a, b) => names.indexOf(a.name) - names.indexOf(b.name))
  console.log(table(['LEAK', 'VERDICT', 'NAMED IN', 'EXPLAINED', 'FIRST LINE'], results.map(row)))
  console.log(score(results))
  if (!results.every(({ judgements }) => judgements.every((one) => one.verdict === 'named' && addsUp(one)))) process.exitCode = 1
}

main().catch((error) => {
  console.error(`leaks: ${error.message}`)
  process.exitCode = 2
})
