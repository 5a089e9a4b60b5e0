'use strict'

// What the clients of a service notice of a snapshot: an Express application with a heap of 100 MB under autocannon, undisturbed, during
// v8.writeHeapSnapshot(), and during a forked snapshot.
//
//   node bench/service.js [--rounds 3] [--size 100] [--connections 8] [--json]

const autocannon = require('autocannon')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { startChild } = require('./support/child')
const { start, ms } = require('./support/output')
const { median } = require('./support/stats')

const CHILD = path.join(__dirname, 'support', 'service-child.js')
const SIDES = { undisturbed: 'undisturbed', v8: 'v8.writeHeapSnapshot()', fork: 'heapkit, fork' }
const MAX_WORST = 3
const MIN_THROUGHPUT = 0.8

const OPTIONS = {
  rounds: { type: 'string', default: '3' },
  size: { type: 'string', default: '100' },
  connections: { type: 'string', default: '8' }
}

async function run ({ rounds, size, connections }, note) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-bench-'))
  const runs = { fork: [], undisturbed: [], v8: [] }
  try {
    for (let round = 0; round < Number(rounds); round++) {
      // The undisturbed run lasts as long as the forked one, so that its worst request has the same chances.
      let lasted = 10
      for (const side of Object.keys(runs)) {
        note(`service: round ${round + 1} of ${rounds}, ${side}`)
        const result = await measure({ side, size: Number(size), dir, connections: Number(connections), seconds: lasted })
        if (side === 'fork') lasted = result.seconds
        runs[side].push(result)
      }
    }
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
  const of = (side, metric) => median(runs[side].map((one) => one[metric]))
  const worst = of('fork', 'worst') / of('undisturbed', 'worst')
  const throughput = of('fork', 'throughput') / of('undisturbed', 'throughput')
  const errors = runs.fork.reduce((sum, one) => sum + one.errors, 0)
  return {
    tables: [{
      title: `Express, ${size} MB of heap, ${connections} connections; medians of ${rounds} rounds`,
      head: ['', 'requests/s', 'p99', 'worst', 'errors', 'lasted'],
      rows: Object.entries(SIDES).map(([side, title]) => [
        title, Math.round(of(side, 'throughput')).toLocaleString('en'), ms(of(side, 'p99')), ms(of(side, 'worst')),
        String(runs[side].reduce((sum, one) => sum + one.errors, 0)), `${of(side, 'seconds').toFixed(1)} s`
      ])
    }],
    claims: [
      { claim: 'the worst latency during a forked snapshot is at most 3 times the undisturbed worst', value: `${worst.toFixed(2)}x`, holds: worst <= MAX_WORST },
      { claim: 'the throughput is at least 80 % of undisturbed', value: `${(throughput * 100).toFixed(1)} %`, holds: throughput >= MIN_THROUGHPUT },
      { claim: 'and there is no error', value: String(errors), holds: errors === 0 }
    ],
    data: { service: runs }
  }
}

async function measure ({ side, size, dir, connections, seconds }) {
  const child = startChild(CHILD)
  try {
    const { port } = await child.ask({ action: 'start', size, dir })
    const url = `http://127.0.0.1:${port}/`
    await autocannon({ url, connections, duration: 4 })
    // Until it is stopped.
    const load = autocannon({ url, connections, duration: 600 })
    const began = performance.now()
    if (side === 'undisturbed') await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    else await child.ask({ action: side })
    const lasted = (performance.now() - began) / 1000
    // Requests that waited are answered now.
    await new Promise((resolve) => setTimeout(resolve, 300))
    load.stop()
    const { requests, latency, errors, timeouts, non2xx, duration } = await load
    return { throughput: requests.total / duration, p99: latency.p99, worst: latency.max, errors: errors + timeouts + non2xx, seconds: lasted }
  } finally {
    child.kill()
    await child.ended
  }
}

if (require.main === module) {
  start(run, parseArgs({ options: { ...OPTIONS, json: { type: 'boolean' } } }).values)
}
