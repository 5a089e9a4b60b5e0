'use strict'

// How long reading a profile of the heap stops the service's JavaScript: a sampling profile inline and forked, in turn in one process, fork(2) alone, and
// @datadog/pprof at the same settings; and the end of a timeline.
//
//   node bench/profile.js [--rounds 5] [--sizes 50,400,1000] [--timeline 50] [--json]

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { runChild } = require('./support/child')
const { start, bytes, ms, times } = require('./support/output')
const { median, ratio } = require('./support/stats')

const CHILD = path.join(__dirname, 'support', 'profile-child.js')
const MB = 1e6
// What is claimed, where a full garbage collection takes long enough to matter.
const FROM_MB = 400
const MAX_TO_INLINE = 1 / 5
const MAX_TO_FORK = 1.5
const MORE_MS = 5

const OPTIONS = {
  rounds: { type: 'string', default: '5' },
  sizes: { type: 'string', default: '50,400,1000' },
  timeline: { type: 'string', default: '50' }
}

async function run ({ rounds, sizes, timeline }, note) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-bench-'))
  try {
    const results = []
    for (const size of numbers(sizes)) results.push(await sampling(size, Number(rounds), dir, note))
    const timelines = []
    for (const size of numbers(timeline)) timelines.push(await ended(size, dir, note))
    return {
      tables: [...results.map(samplingTable), ...timelines.map(timelineTable)],
      claims: [...results.flatMap(samplingClaims), ...timelines.map(timelineClaim)],
      data: { profile: { sampling: results, timeline: timelines } }
    }
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

const numbers = (list) => list.split(',').filter(Boolean).map(Number)

async function calibrated (size, note) {
  note(`profile: ${size} MB, making the heap`)
  return await runChild(CHILD, { calibrate: size * MB }, ['--expose-gc'])
}

async function sampling (size, rounds, dir, note) {
  const units = await calibrated(size, note)
  note(`profile: ${size} MB, heapkit`)
  const { runs, stop } = await runChild(CHILD, { side: 'heapkit', units, rounds, dir })
  note(`profile: ${size} MB, @datadog/pprof`)
  const datadog = await runChild(CHILD, { side: 'datadog', units, rounds })
  const of = (mode, metric) => runs.map((run) => run[mode][metric])
  return {
    size,
    rounds,
    runs,
    stop,
    datadog: datadog.runs,
    toInline: ratio(of('fork', 'pause'), of('inline', 'pause')),
    toFork: Math.max(...runs.map(({ fork }) => (fork.pause - MORE_MS) / fork.fork2)),
    isEqual: runs.every((run) => run.fork.held === run.inline.held)
  }
}

async function ended (size, dir, note) {
  const units = await calibrated(size, note)
  const result = { size }
  for (const mode of ['inline', 'fork']) {
    note(`profile: ${size} MB, timeline, ${mode}`)
    result[mode] = await runChild(CHILD, { side: 'timeline', units, mode, dir })
  }
  return result
}

const fine = (value) => value < 100 ? `${value.toFixed(2)} ms` : ms(value)
const share = (part, whole) => `1/${Math.max(1, Math.round(whole / part))}`

function samplingTable ({ size, rounds, runs, stop, datadog }) {
  const of = (mode, metric) => median(runs.map((run) => run[mode][metric]))
  const inline = of('inline', 'pause')
  const row = (title, pause, worst, total, size) => [title, fine(pause), share(pause, inline), worst === undefined ? '-' : fine(worst), total === undefined ? '-' : ms(total), size === undefined ? '-' : bytes(size)]
  const worst = (mode) => Math.max(...runs.map((run) => run[mode].pause))
  return {
    title: `Sampling profile of a heap of ${size} MB, ${of('fork', 'samples')} samples; medians of ${rounds} reads`,
    head: ['', 'pause', 'of inline', 'worst', 'total', 'file'],
    rows: [
      row('capture(), inline', inline, worst('inline'), of('inline', 'total'), of('inline', 'bytes')),
      row('capture(), fork', of('fork', 'pause'), worst('fork'), of('fork', 'total'), of('fork', 'bytes')),
      row('fork(2) alone', of('fork', 'fork2'), Math.max(...runs.map(({ fork }) => fork.fork2))),
      row('stop(), fork', stop.pause, undefined, undefined, stop.bytes),
      row('@datadog/pprof, no garbage collection before', median(datadog.map(({ pause }) => pause)), Math.max(...datadog.map(({ pause }) => pause)),
        median(datadog.map(({ total }) => total)), median(datadog.map(({ bytes }) => bytes)))
    ]
  }
}

function timelineTable ({ size, inline, fork }) {
  const row = (title, { pause, total }) => [title, fine(pause), share(pause, inline.pause), total === undefined ? '-' : ms(total)]
  return {
    title: `End of a timeline, heap of ${size} MB`,
    head: ['', 'pause', 'of inline', 'total'],
    rows: [row('stop(), inline', inline), row('stop(), fork', fork), row('fork(2) alone', { pause: fork.fork2 })]
  }
}

function samplingClaims ({ size, toInline, toFork, isEqual }) {
  const claims = [{ claim: `${size} MB: a forked profile has as many bytes of the heap's functions as an inline one`, value: isEqual ? 'all equal' : 'not equal', holds: isEqual }]
  if (size < FROM_MB) return claims
  return [
    ...claims,
    { claim: `${size} MB: a forked read pauses at most 1/5 of an inline one`, value: times(toInline.median), holds: toInline.median <= MAX_TO_INLINE },
    { claim: `${size} MB: at most 1.5 times as long as fork(2) alone and 5 ms`, value: `${times(toFork)} and 5 ms at worst`, holds: toFork <= MAX_TO_FORK }
  ]
}

function timelineClaim ({ size, inline, fork }) {
  return { claim: `${size} MB: a forked stop() of a timeline pauses at most 1/5 of an inline one`, value: times(fork.pause / inline.pause), holds: fork.pause / inline.pause <= MAX_TO_INLINE }
}

if (require.main === module) {
  start(run, parseArgs({ options: { ...OPTIONS, json: { type: 'boolean' } } }).values)
}
