'use strict'

// What a sampling heap profile costs: the same work without it, with heapkit's, and with @datadog/pprof's at the same settings.
//
//   node bench/sampling.js [--rounds 60] [--slices 40] [--work 250] [--json]

const path = require('node:path')
const { parseArgs } = require('node:util')
const { startChild } = require('./support/child')
const { start, ratioText, percent } = require('./support/output')
const { median, ratio } = require('./support/stats')

const CHILD = path.join(__dirname, 'support', 'sampling-child.js')
// heapkit's defaults.
const SETTINGS = { sampleInterval: 524288, stackDepth: 64 }
// `again` is `off` once more: how far it is from `off` is how far the figures can be trusted.
const SIDES = ['off', 'heapkit', 'datadog', 'again']
// Slice after slice, so that each side is as often in each place, and as often behind each other one.
const ORDERS = [[0, 1, 3, 2], [1, 2, 0, 3], [2, 3, 1, 0], [3, 0, 2, 1]]
const MAX_COST = 0.01

const OPTIONS = {
  rounds: { type: 'string', default: '60' },
  slices: { type: 'string', default: '40' },
  work: { type: 'string', default: '250' }
}

async function run ({ rounds, slices, work }, note) {
  rounds = Number(rounds)
  slices = Number(slices)
  const task = { ...SETTINGS, slice: Number(work) }
  note('sampling: counting what is allocated')
  const { count } = await takeTurns(['count'], slices, task)
  const runs = Object.fromEntries(SIDES.map((side) => [side, []]))
  for (let round = 0; round < rounds; round++) {
    note(`sampling: round ${round + 1} of ${rounds}`)
    // Each side is the first to start as often as any other: what starts first was 2 % slower.
    const from = round % SIDES.length
    const results = await takeTurns([...SIDES.slice(from), ...SIDES.slice(0, from)], slices, task)
    for (const side of SIDES) {
      if (results[side].checksum !== count.checksum) throw new Error('The sides did not do the same work')
      runs[side].push(results[side])
    }
  }
  const figures = (side, metric) => runs[side].map((run) => run[metric])
  const compare = (a, b, metric) => ratio(figures(a, metric), figures(b, metric))
  // Two runs without a profiler are a better baseline than one.
  const toOff = (side, metric) => ratio(figures(side, metric), figures('off', metric).map((off, round) => (off + runs.again[round][metric]) / 2))
  const ratios = Object.fromEntries(['cpu', 'wall'].map((metric) => [metric, {
    heapkit: toOff('heapkit', metric),
    datadog: toOff('datadog', metric),
    again: compare('again', 'off', metric),
    heapkitToDatadog: compare('heapkit', 'datadog', metric)
  }]))
  return {
    tables: [toTable({ rounds, count, runs, ratios })],
    claims: [toClaim(ratios.cpu.heapkit)],
    data: { sampling: { ...SETTINGS, rounds, slices, work: task.slice, count, runs, ratios } }
  }
}

/**
 * One round: a fresh process for each side, all alive at once, and one of them working at a time, for a slice of about
 * 40 ms. What makes the machine faster or slower for a second meets all of them.
 */
async function takeTurns (sides, slices, task) {
  const children = sides.map(() => startChild(CHILD))
  try {
    for (const [index, child] of children.entries()) await child.ask({ action: 'start', task: { ...task, side: sides[index] } })
    for (let slice = 0; slice < slices; slice++) {
      for (const index of ORDERS[slice % ORDERS.length]) await children[index]?.ask({ action: 'slice' })
    }
    const results = {}
    for (const [index, child] of children.entries()) results[sides[index]] = await child.ask({ action: 'end' })
    return results
  } finally {
    for (const child of children) child.kill()
    await Promise.all(children.map(({ ended }) => ended))
  }
}

function toTable ({ rounds, count, runs, ratios }) {
  const of = (side, metric) => `${median(runs[side].map((run) => run[metric])).toFixed(3)} s`
  const row = (title, side, ratio, toDatadog) => [
    title, of(side, 'cpu'), of(side, 'wall'), ...['cpu', 'wall'].map((metric) => ratio ? ratioText(ratios[metric][ratio]) : '-'),
    toDatadog ? ratioText(ratios.cpu.heapkitToDatadog) : '-'
  ]
  const rate = count.allocated / 1e6 / median(runs.off.map(({ wall }) => wall))
  return {
    title: `Sampling every ${SETTINGS.sampleInterval} bytes, ${SETTINGS.stackDepth} frames; work that allocates ${rate.toFixed(0)} MB/s; medians of ${rounds} rounds`,
    head: ['', 'CPU', 'wall', 'CPU on / off (95 %)', 'wall on / off (95 %)', 'CPU heapkit / datadog (95 %)'],
    rows: [
      row('off', 'off'),
      row('heapkit', 'heapkit', 'heapkit', true),
      row('@datadog/pprof', 'datadog', 'datadog'),
      row('off again', 'again', 'again')
    ]
  }
}

function toClaim ({ median, low, high }) {
  return {
    claim: `sampling costs at most ${percent(MAX_COST)} of CPU`,
    value: `${percent(median - 1)} (95 %: ${percent(low - 1)} to ${percent(high - 1)})`,
    holds: median - 1 <= MAX_COST
  }
}

if (require.main === module) {
  start(run, parseArgs({ options: { ...OPTIONS, json: { type: 'boolean' } } }).values)
}

module.exports = { run, takeTurns, OPTIONS }
