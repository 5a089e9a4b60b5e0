'use strict'

// How long a snapshot stops the service's JavaScript, and what it leaves of its memory: v8.writeHeapSnapshot(), heapkit inline, heapkit
// forked, forked with `stableIds`, and fork(2) alone, on the same heap. And what 2 GB of Buffers add to it: large ones, which the child goes
// without, and ones too small for that.
//
//   node bench/pause.js [--rounds 3] [--sizes 100,400] [--json]

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { runChild } = require('./support/child')
const { start, bytes, ms, ratioText } = require('./support/output')
const { median, ratio } = require('./support/stats')

const CHILD = path.join(__dirname, 'support', 'pause-child.js')
const MB = 1e6
const MIB = 2 ** 20
const SIDES = {
  v8: { title: 'v8.writeHeapSnapshot()' },
  inline: { title: 'heapkit, inline' },
  fork: { title: 'heapkit, fork' },
  stable: { title: 'heapkit, fork, stableIds' },
  large: { title: 'heapkit, fork, and 2 GB in Buffers of 8 MiB', buffers: { count: 240, bytes: 8 * MIB } },
  small: { title: 'heapkit, fork, and 2 GB in Buffers of 1 MiB', buffers: { count: 1920, bytes: MIB } }
}
const MAX_TO_FORK = 1.5
const MAX_WITH_BUFFERS = 0.5
const MAX_GROWTH = 1.05
const MAX_SPAWN = 1.05

const OPTIONS = {
  rounds: { type: 'string', default: '3' },
  sizes: { type: 'string', default: '100,400' }
}

async function run ({ rounds, sizes }, note) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-bench-'))
  try {
    const results = []
    for (const size of sizes.split(',').map(Number)) results.push(await measure(size, Number(rounds), dir, note))
    return { tables: results.map(toTable), claims: results.flatMap(toClaims), data: { pause: results } }
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

async function measure (size, rounds, dir, note) {
  note(`pause: ${size} MB, making the heap`)
  const units = await runChild(CHILD, { calibrate: size * MB }, ['--expose-gc'])
  const runs = Object.fromEntries(Object.keys(SIDES).map((side) => [side, []]))
  for (let round = 0; round < rounds; round++) {
    const sides = Object.keys(SIDES)
    if (round % 2 === 1) sides.reverse()
    for (const side of sides) {
      note(`pause: ${size} MB, round ${round + 1} of ${rounds}, ${side}`)
      runs[side].push(await runChild(CHILD, { side, units, dir, buffers: SIDES[side].buffers }))
    }
  }
  const of = (side, metric) => runs[side].map((run) => run[metric])
  return {
    size,
    rounds,
    runs,
    ratios: {
      forkToFork2: ratio(of('fork', 'pause'), of('fork', 'fork2')),
      buffers: ratio(of('large', 'pause'), of('small', 'pause')),
      growth: ratio(of('fork', 'rssAfter'), of('fork', 'rssBefore')),
      work: ratio(of('stable', 'workAfter'), of('stable', 'workBefore')),
      spawn: ratio(of('fork', 'spawnAfter'), of('fork', 'spawnBefore'))
    }
  }
}

function toTable ({ size, rounds, runs, ratios }) {
  const of = (side, metric, format) => {
    const values = runs[side].map((run) => run[metric]).filter((value) => value !== undefined)
    return values.length ? format(median(values)) : '-'
  }
  const fine = (value) => value < 100 ? `${value.toFixed(2)} ms` : ms(value)
  const v8Pause = median(runs.v8.map(({ pause }) => pause))
  const rows = Object.entries(SIDES).map(([side, { title }]) => [
    title, of(side, 'pause', fine), `1/${Math.round(v8Pause / median(runs[side].map(({ pause }) => pause)))}`, of(side, 'stall', fine), of(side, 'total', ms),
    of(side, 'rssBefore', bytes), of(side, 'rssAfter', bytes), of(side, 'peakRss', bytes), of(side, 'childRss', bytes), of(side, 'bytes', bytes)
  ])
  rows.push(['the same again', of('stable', 'pauseAgain', fine), `1/${Math.round(v8Pause / median(runs.stable.map(({ pauseAgain }) => pauseAgain)))}`, '-', '-', '-', '-', '-', '-', '-'])
  rows.push(['fork(2) alone', of('fork', 'fork2', fine), `1/${Math.round(v8Pause / median(runs.fork.map(({ fork2 }) => fork2)))}`, '-', '-', '-', '-', '-', '-', '-'])
  return {
    title: `Heap of ${size} MB, medians of ${rounds} rounds; the child took ${median(runs.fork.map(({ childRss, heapUsed }) => childRss / heapUsed)).toFixed(1)} times the used heap; ` +
      `with stableIds the same work takes ${ratioText(ratios.work)} of before`,
    head: ['', 'pause', 'of v8', 'longest stall', 'total', 'RSS before', 'RSS after', 'peak RSS', "child's RSS", 'file'],
    rows
  }
}

function toClaims ({ size, ratios: { forkToFork2, buffers, growth, spawn } }) {
  const at = (text) => `${size} MB: ${text}`
  return [
    { claim: at('a forked snapshot pauses at most 1.5 times as long as fork(2) alone'), value: `${forkToFork2.median.toFixed(3)}x`, holds: forkToFork2.median <= MAX_TO_FORK },
    { claim: at('with 2 GB in Buffers of 8 MiB at most half as long as in Buffers of 1 MiB'), value: `${buffers.median.toFixed(3)}x`, holds: buffers.median <= MAX_WITH_BUFFERS },
    { claim: at('the service is at most 5 % larger afterwards'), value: `${growth.median.toFixed(3)}x`, holds: growth.median <= MAX_GROWTH },
    { claim: at('child_process.spawn is no slower afterwards'), value: `${spawn.median.toFixed(3)}x`, holds: spawn.median <= MAX_SPAWN }
  ]
}

if (require.main === module) {
  start(run, parseArgs({ options: { ...OPTIONS, json: { type: 'boolean' } } }).values)
}
