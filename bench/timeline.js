'use strict'

// What a running timeline costs the event loop: how often a timer of 10 ms gets its turn, without a timeline, with V8's own pace of 50 ms (by
// `node:inspector`), and with heapkit's `startTimeline()`; and what one sample costs.
//
//   node bench/timeline.js [--rounds 3] [--objects 300000] [--seconds 5] [--json]

const { parseArgs } = require('node:util')
const path = require('node:path')
const { runChild } = require('./support/child')
const { start, percent } = require('./support/output')
const { median } = require('./support/stats')

const CHILD = path.join(__dirname, 'support', 'timeline-child.js')
const SIDES = { none: 'no timeline', inspector: "V8's own pace, by node:inspector", fast: 'heapkit, resolutionMs: 100', usual: 'heapkit, its own pace' }
const LEAST_TURNS = 0.75

const OPTIONS = {
  rounds: { type: 'string', default: '3' },
  objects: { type: 'string', default: '300000' },
  seconds: { type: 'string', default: '5' }
}

async function run ({ rounds, objects, seconds }, note) {
  const runs = Object.fromEntries(Object.keys(SIDES).map((side) => [side, []]))
  for (let round = 0; round < Number(rounds); round++) {
    for (const side of Object.keys(SIDES)) {
      note(`timeline: round ${round + 1} of ${rounds}, ${SIDES[side]}`)
      runs[side].push(await runChild(CHILD, { side, objects: Number(objects), seconds: Number(seconds) }))
    }
  }
  const turns = (side) => median(runs[side].map((one) => one.turns))
  const share = (side) => turns(side) / turns('none')
  const sampleMs = median(runs.fast.map((one) => one.sampleMs))
  const inHeap = median(runs.fast.map((one) => one.inHeap))
  return {
    tables: [{
      title: `Turns of a timer of 10 ms in ${seconds} s, beside ${Number(objects).toLocaleString('en')} objects; medians of ${rounds} rounds`,
      head: ['', 'turns', 'of those without'],
      rows: Object.entries(SIDES).map(([side, title]) => [title, String(turns(side)), percent(share(side))])
    }, {
      title: 'One sample: processor time of all threads; medians',
      head: ['objects in the heap', 'ms', 'ms per 100,000'],
      rows: [[inHeap.toLocaleString('en'), sampleMs.toFixed(0), (sampleMs / inHeap * 100_000).toFixed(1)]]
    }],
    claims: [{
      claim: `beside a timeline of heapkit's own pace the event loop has at least ${percent(LEAST_TURNS)} of its turns`,
      value: percent(share('usual')),
      holds: share('usual') >= LEAST_TURNS
    }],
    data: { timeline: runs }
  }
}

if (require.main === module) {
  start(run, parseArgs({ options: { ...OPTIONS, json: { type: 'boolean' } } }).values)
}
