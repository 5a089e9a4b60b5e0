'use strict'

// npm run test:fork-stress [-- --trials N --node 20,24 --cell churn]: forked snapshots under everything that could break them, on every supported
// Node. Each cell is a process of its own; every file is read and checked. Exits 1 when a snapshot was not delivered or the service
// noticed anything.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { table } = require('../lib/cli/table')
const { VERSIONS, install } = require('./matrix')

const FIXTURE = path.join(__dirname, '..', '__test__', 'fixtures', 'fork-stress.js')
const CELLS = ['quiet', 'churn', 'busy workers', 'zlib, crypto', 'cpu profile', 'sampling 4 KiB', 'timeline, stacks', 'inspector.open', 'from a worker', '500 sockets', 'grown to 300 MB']
const TRIAL_MS = 130_000
const FIRST_ATTEMPTS = 0.98

const { values } = parseArgs({ options: { trials: { type: 'string', default: '3' }, node: { type: 'string' }, cell: { type: 'string' } } })

if (process.platform !== 'linux') {
  console.log('fork-stress: forked snapshots are for Linux; nothing to do')
  process.exit()
}

const trials = Number(values.trials)
const versions = VERSIONS.filter((version) => !values.node || values.node.split(',').includes(version.split('.')[0]))
const cells = CELLS.filter((cell) => !values.cell || values.cell === cell)
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-stress-'))
const rows = []
const troubles = []
let all = 0
let first = 0
for (const version of versions) {
  const node = install(version)
  for (const cell of cells) {
    process.stderr.write(`Node ${version}, ${cell}\n`)
    const result = run(node, cell)
    const at = `Node ${version}, ${cell}`
    all += trials
    first += result.first ?? 0
    if (result.delivered !== trials) troubles.push(`${at}: ${result.delivered ?? 0} of ${trials} delivered: ${result.failures?.[0] ?? result.problem}`)
    if (result.effects > 0) troubles.push(`${at}: ${result.effects} effects on the service`)
    const ms = (value) => value === undefined ? '-' : `${value.toFixed(1)} ms`
    rows.push([version.split('.')[0], cell, `${result.delivered ?? 0}/${trials}`, String(result.attempts ?? '-'), ms(result.longestPause), ms(result.longestQuiet), String(result.effects ?? '-')])
  }
}
fs.rmSync(dir, { recursive: true })

console.log(table(['NODE', 'UNDER', 'DELIVERED', 'ATTEMPTS', 'LONGEST PAUSE', 'LONGEST WAIT', 'EFFECTS'], rows, ['DELIVERED', 'ATTEMPTS', 'LONGEST PAUSE', 'LONGEST WAIT', 'EFFECTS']))
console.log(`${first} of ${all} at the first attempt (${(100 * first / all).toFixed(1)} %)`)
if (first < FIRST_ATTEMPTS * all && all >= 50) troubles.push(`fewer than ${FIRST_ATTEMPTS * 100} % at the first attempt`)
for (const trouble of troubles) console.error(trouble)
process.exitCode = troubles.length ? 1 : 0

function run (node, cell) {
  const { stdout, stderr, signal, error } = spawnSync(node, [FIXTURE, cell, String(trials), dir], { encoding: 'utf8', timeout: trials * TRIAL_MS, killSignal: 'SIGKILL' })
  const line = stdout?.split('\n').find((text) => text.startsWith('{'))
  return line ? JSON.parse(line) : { problem: `no result (${error?.code ?? signal}): ${stderr?.slice(-300)}` }
}
