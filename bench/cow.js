'use strict'

// What a service pays after the fork, while its twin lives: the first write to each page that both have costs a copy of the page. The twin
// is stopped meanwhile, so that it takes no processor: what is measured is the copies alone.
//
//   node bench/cow.js [--rounds 3] [--size 100] [--json]

const { parseArgs } = require('node:util')
const path = require('node:path')
const { runChild } = require('./support/child')
const { start, ms, percent } = require('./support/output')
const { median } = require('./support/stats')

const CHILD = path.join(__dirname, 'support', 'cow-child.js')
const SIDES = { work: 'work as services do it', writes: 'writes to every object of the heap' }
const MAX_COPY_US = 5

const OPTIONS = {
  rounds: { type: 'string', default: '3' },
  size: { type: 'string', default: '100' }
}

async function run ({ rounds, size }, note) {
  const runs = { work: [], writes: [] }
  for (let round = 0; round < Number(rounds); round++) {
    for (const side of Object.keys(runs)) {
      note(`cow: round ${round + 1} of ${rounds}, ${side}`)
      runs[side].push(await runChild(CHILD, { side, size: Number(size) }))
    }
  }
  const of = (side, value) => median(runs[side].map(value))
  const extra = ({ alone, beside }) => beside.cpu - alone.cpu
  const copies = ({ alone, beside }) => beside.faults - alone.faults
  const perCopy = of('writes', (one) => extra(one) * 1000 / copies(one))
  return {
    tables: [{
      title: `The same work in a process with a heap of ${size} MB, alone and beside a stopped twin; medians of ${rounds} rounds`,
      head: ['', 'processor time alone', 'beside the twin', 'more', 'pages copied', 'of a page'],
      rows: Object.entries(SIDES).map(([side, title]) => [
        title, ms(of(side, ({ alone }) => alone.cpu)), ms(of(side, ({ beside }) => beside.cpu)), percent(of(side, (one) => extra(one) / one.alone.cpu)),
        Math.round(of(side, copies)).toLocaleString('en'), `${of(side, (one) => extra(one) * 1000 / Math.max(1, copies(one))).toFixed(2)} µs`
      ])
    }],
    claims: [{ claim: `the first write to a page costs at most ${MAX_COPY_US} µs more while a twin lives, and only the first`, value: `${perCopy.toFixed(2)} µs`, holds: perCopy <= MAX_COPY_US }],
    data: { cow: runs }
  }
}

if (require.main === module) {
  start(run, parseArgs({ options: { ...OPTIONS, json: { type: 'boolean' } } }).values)
}
