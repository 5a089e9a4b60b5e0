'use strict'

// What makes the pause of a forked snapshot long: the same process and heap, forked again and again, on a machine that is quiet, whose
// processors are wanted by others, whose memory map is read by others, and beside threads that take and return memory. For each, where
// the time went: on a processor, waiting for one, or blocked (behind the lock of the process's memory map).
//
//   node bench/load.js [--forks 40] [--size 100] [--json]

const { parseArgs } = require('node:util')
const path = require('node:path')
const { startChild } = require('./support/child')
const { start, ms } = require('./support/output')
const { median, quantile } = require('./support/stats')

const CHILD = path.join(__dirname, 'support', 'load-child.js')
const SIDES = {
  quiet: 'nothing else',
  processors: '8 busy processes',
  maps: '2 readers of its smaps',
  memory: '3 threads that fault and unmap',
  all: 'busy processes and readers'
}
// What is neither on a processor nor waiting for one, where nobody reads the memory map.
const MAX_BLOCKED_MS = 5

const OPTIONS = {
  forks: { type: 'string', default: '40' },
  size: { type: 'string', default: '100' }
}

async function run ({ forks, size }, note) {
  const runs = {}
  for (const side of Object.keys(SIDES)) {
    note(`load: ${side}`)
    const child = startChild(CHILD)
    try {
      runs[side] = await child.ask({ side, forks: Number(forks), size: Number(size) })
    } finally {
      child.kill()
      await child.ended
    }
  }
  const column = (side, metric) => runs[side].map((one) => one[metric])
  const blocked = ['quiet', 'processors', 'memory'].map((side) => median(column(side, 'blocked')))
  return {
    tables: [{
      title: `The fork of a process with a heap of ${size} MB, ${forks} times; where the median fork spent its time`,
      head: ['beside', 'median', 'p95', 'worst', 'on a processor', 'waiting for one', 'blocked', 'worst blocked'],
      rows: Object.entries(SIDES).map(([side, title]) => [
        title, ms(median(column(side, 'wall'))), ms(quantile(column(side, 'wall'), 0.95)), ms(Math.max(...column(side, 'wall'))),
        ms(median(column(side, 'running'))), ms(median(column(side, 'waiting'))), ms(median(column(side, 'blocked'))), ms(Math.max(...column(side, 'blocked')))
      ])
    }],
    claims: [{
      claim: `where nobody reads the memory map, the median fork is blocked for at most ${MAX_BLOCKED_MS} ms: a long pause is waiting for a processor`,
      value: ms(Math.max(...blocked)),
      holds: Math.max(...blocked) <= MAX_BLOCKED_MS
    }],
    data: { load: runs }
  }
}

if (require.main === module) {
  start(run, parseArgs({ options: { ...OPTIONS, json: { type: 'boolean' } } }).values)
}
