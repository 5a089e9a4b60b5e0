'use strict'

// What a service in a control group with a CPU quota notices of a forked snapshot: undisturbed, with the defaults, and with `maxCpu: 1`,
// which lets the child take what it gets. The service uses 40 % of its quota, in pieces of 4 ms.
//
//   node bench/quota.js [--rounds 3] [--size 110] [--quotas 1,0.5] [--node PATH] [--json]

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { startChild } = require('./support/child')
const { makeGroup } = require('./support/cpu-group')
const { start, ms, ratioText } = require('./support/output')
const { median, ratio } = require('./support/stats')

const CHILD = path.join(__dirname, 'support', 'quota-child.js')
const SIDES = { auto: "maxCpu: 'auto' (default)", all: 'maxCpu: 1' }
const MAX_P99 = 1.5
const MIN_THROUGHPUT = 0.95

const OPTIONS = {
  rounds: { type: 'string', default: '3' },
  size: { type: 'string', default: '110' },
  quotas: { type: 'string', default: '1,0.5' },
  node: { type: 'string', default: process.execPath }
}

async function run ({ rounds, size, quotas, node }, note) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-bench-'))
  try {
    const results = []
    for (const quota of quotas.split(',').map(Number)) {
      const runs = { auto: [], all: [] }
      for (let round = 0; round < Number(rounds); round++) {
        for (const side of round % 2 === 0 ? ['auto', 'all'] : ['all', 'auto']) {
          note(`quota: ${quota}, round ${round + 1} of ${rounds}, ${side}`)
          runs[side].push(await measure({ side, quota, size: Number(size), dir, node }))
        }
      }
      results.push({ quota, size, rounds, runs })
    }
    return { tables: results.map(toTable), claims: results.flatMap(toClaims), data: { quota: results } }
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

/** One process: what it does undisturbed just before and just after counts as its other side. */
async function measure ({ side, quota, size, dir, node }) {
  const group = makeGroup(quota)
  const child = startChild(CHILD, [], node)
  try {
    await child.ask({ action: 'start', size, quota })
    group.add(child.pid)
    await child.ask({ action: 'idle', seconds: 3 })
    const before = await child.ask({ action: 'idle', seconds: 8 })
    const throttledBefore = group.throttled()
    const during = await child.ask({ action: 'snapshot', dir, options: side === 'auto' ? {} : { maxCpu: 1 } })
    const throttled = group.throttled() - throttledBefore
    await child.ask({ action: 'idle', seconds: 1 })
    const after = await child.ask({ action: 'idle', seconds: 8 })
    const quiet = {
      p99: median([before.p99, after.p99]),
      late: median([before.late, after.late]),
      throughput: median([before.throughput, after.throughput]),
      worst: Math.max(before.worst, after.worst)
    }
    return { quiet, during, throttled }
  } finally {
    child.kill()
    await child.ended
    await group.remove()
  }
}

const of = (runs, when, metric) => runs.map((run) => run[when][metric])

function ofSnapshot (runs) {
  const seconds = (value) => `${value.toFixed(1)} s`
  return [
    String(median(runs.map(({ throttled }) => throttled))),
    seconds(median(of(runs, 'during', 'seconds'))),
    seconds(median(of(runs, 'during', 'heldBackMs')) / 1000)
  ]
}

function toTable ({ quota, size, rounds, runs }) {
  const row = (title, runs, when) => [
    title,
    ...['p99', 'worst', 'late'].map((metric) => ms(median(of(runs, when, metric)))),
    `${(median(of(runs, when, 'throughput')) * 100).toFixed(1)} %`,
    ...(when === 'quiet' ? ['-', '-', '-'] : ofSnapshot(runs))
  ]
  return {
    title: `Quota of ${quota} processors, ${size} MB of heap, 40 % used in pieces of 4 ms; medians of ${rounds} rounds`,
    head: ['', 'p99', 'worst', 'p99 of lateness', 'work done', 'throttled periods', 'lasted', 'held back'],
    rows: [row('undisturbed', [...runs.auto, ...runs.all], 'quiet'), ...Object.entries(SIDES).map(([side, title]) => row(`snapshot, ${title}`, runs[side], 'during'))]
  }
}

function toClaims ({ quota, runs: { auto } }) {
  const p99 = ratio(of(auto, 'during', 'p99'), of(auto, 'quiet', 'p99'))
  const throughput = ratio(of(auto, 'during', 'throughput'), of(auto, 'quiet', 'throughput'))
  return [
    { claim: `quota ${quota}: p99 during a snapshot with the defaults is at most 1.5 times the undisturbed p99`, value: ratioText(p99), holds: p99.median <= MAX_P99 },
    { claim: `quota ${quota}: and the work done at least 95 %`, value: ratioText(throughput), holds: throughput.median >= MIN_THROUGHPUT }
  ]
}

if (require.main === module) {
  start(run, parseArgs({ options: { ...OPTIONS, json: { type: 'boolean' } } }).values)
}
