'use strict'

// npm run test:fork-stress [-- --trials N --node 20,24 --cell churn --cell lmdb --acts --strace --prepare]: forked snapshots under everything that could break them, or that they
// could break, on every supported Node. Each cell is a process of its own; every file is read and checked. Exits 1 when
// a snapshot was not delivered, the service or anybody else noticed anything, or too many snapshots took a second attempt.
//
// --acts prints what each act of the hostile addon came to. --strace runs each cell under strace and prints which system calls succeeded in
// children, after their filter was installed, that no snapshot needs. --prepare installs and builds what the cells need, and runs none of them.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { table, short } = require('../lib/cli/table')
const { NODES, choose, install } = require('./matrix')

// What has to be delivered at the first attempt: of all trials, and of each cell's. Either is judged where a single trial weighs so little
// that two may fail: from 200 trials on, and from 50 in a cell. With fewer the figure is printed, and nothing follows from it.
const FIRST_OF_ALL = 0.99
const FIRST_OF_CELL = 0.96
const MAY_FAIL = 2

if (process.platform !== 'linux') {
  console.log('fork-stress: forked snapshots are for Linux; nothing to do')
  process.exit()
}

const { CELLS } = require('../__test__/fixtures/fork-stress')
const { prepareCell, runCell } = require('../__test__/fixtures/fork-stress/cell')
const { straced } = require('./fork-strace')

const { values } = parseArgs({
  options: { trials: { type: 'string', default: '3' }, node: { type: 'string' }, cell: { type: 'string', multiple: true }, acts: { type: 'boolean' }, strace: { type: 'boolean' }, prepare: { type: 'boolean' } }
})

const trials = Number(values.trials)
const versions = choose(values.node?.split(',') ?? [])
const cells = Object.keys(CELLS).filter((cell) => !values.cell || values.cell.includes(cell))
if (versions.length === 0 || cells.length === 0 || !(trials > 0)) {
  console.error(`fork-stress: nothing to do. Nodes: ${NODES.join(', ')}. Cells: ${Object.keys(CELLS).join(' | ')}`)
  process.exit(2)
}

if (values.prepare) process.exit(prepared() ? 0 : 1)

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-stress-'))
const rows = []
const actRows = []
const troubles = []
let all = 0
let first = 0
for (const version of versions) {
  const node = install(version)
  for (const cell of cells) one(version, node, cell)
}
fs.rmSync(dir, { recursive: true })

/** Whether all that the cells need is there now. What is not is told again by the cell that needs it. */
function prepared () {
  let all = true
  for (const version of versions) {
    for (const cell of cells) {
      try {
        prepareCell({ cell, version })
      } catch (error) {
        all = false
        console.error(`Node ${version}, ${cell}: ${error.message}`)
      }
    }
  }
  return all
}

function one (version, node, cell) {
  const at = `Node ${version}, ${cell}`
  const began = Date.now()
  process.stderr.write(`${at} … `)
  let result
  const run = (before) => { result = runCell({ cell, node, version, trials, dir, before }) }
  try {
    if (values.strace) {
      const { children, texts } = straced(run)
      if (!result.missing) troubles.push(...texts.map((text) => `${at}: ${text}`))
      if (texts.length === 0) process.stderr.write(`${children} children, no system call but those a snapshot needs; `)
    } else run()
  } catch (error) {
    // A package that cannot be installed or built is told in the table, too.
    result = { trials, effects: [], failures: [error.message] }
  }
  process.stderr.write(`${((Date.now() - began) / 1000).toFixed(1)} s\n`)
  const major = version.split('.')[0]
  if (result.missing) {
    rows.push([major, cell, 'none', '', '', '', '', '', result.missing])
    return
  }
  const { trials: count, delivered = 0, attempts, longestPause, longestQuiet, effects, failures } = result
  if (!result.isUncounted) {
    all += count
    first += result.first ?? 0
  }
  if (delivered !== count || failures.length > 0) troubles.push(`${at}: ${delivered} of ${count} delivered: ${failures[0]}`)
  if (effects.length > 0) troubles.push(`${at}: ${effects.length} effects: ${[...new Set(effects)].slice(0, 12).join(' | ')}`)
  if (isJudged(count, FIRST_OF_CELL) && result.first < FIRST_OF_CELL * count) troubles.push(`${at}: fewer than ${FIRST_OF_CELL * 100} % at the first attempt`)
  for (const failure of result.again ?? []) process.stderr.write(`  another attempt: ${failure}\n`)
  const ms = (value) => value === undefined ? '-' : `${value.toFixed(1)} ms`
  rows.push([major, cell, `${delivered}/${count}`, result.isUncounted ? '-' : `${result.first ?? 0}/${count}`, String(attempts ?? '-'), ms(longestPause), ms(longestQuiet), String(effects.length), short(result.again?.[0] ?? '', 60)])
  for (const { name, kind, result: outcome, harm } of result.acts ?? []) actRows.push([major, name, kind, outcome === undefined ? '-' : outcome < 0 ? errorName(-outcome) : 'ok', harm ?? ''])
}

function isJudged (count, share) {
  return count * (1 - share) >= MAY_FAIL - 1e-9
}

function errorName (errno) {
  return Object.entries(os.constants.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`
}

const numbers = ['DELIVERED', 'AT FIRST', 'ATTEMPTS', 'LONGEST PAUSE', 'LONGEST WAIT', 'EFFECTS']
console.log(table(['NODE', 'UNDER', ...numbers, 'NOTE'], rows, numbers))
if (values.acts) console.log(table(['NODE', 'ACT', 'KIND', 'IT SAYS', 'HARM'], actRows, []))
if (all > 0) console.log(`${first} of ${all} at the first attempt (${(100 * first / all).toFixed(1)} %)`)
if (isJudged(all, FIRST_OF_ALL) && first < FIRST_OF_ALL * all) troubles.push(`fewer than ${FIRST_OF_ALL * 100} % at the first attempt`)
for (const trouble of troubles) console.error(trouble)
process.exitCode = troubles.length ? 1 : 0
