'use strict'

// How long reading a profile of the heap stops the service's JavaScript: a sampling profile inline and forked, in turn in one process, fork(2) alone, and
// @datadog/pprof at the same settings; and the end of a timeline. What a CPU profile costs, and how large files are, beside @datadog/pprof's; how long a large one takes to convert.
//
//   node bench/profile.js [--rounds 5] [--sizes 50,400,1000] [--timeline 50] [--cpu 60] [--slices 10] [--convert 100000,200000] [--json]

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { runChild } = require('./support/child')
const { start, bytes, ms, times, percent, ratioText } = require('./support/output')
const { median, ratio } = require('./support/stats')

const CHILD = path.join(__dirname, 'support', 'profile-child.js')
const MB = 1e6
// What is claimed, where a full garbage collection takes long enough to matter.
const FROM_MB = 400
const MAX_TO_INLINE = 1 / 5
const MAX_TO_FORK = 1.5
const MORE_MS = 5

/** 100 samples a second. */
const CPU = { sampleInterval: 10_000 }
const MAX_CPU_COST = 0.02
/** Rounds of the workload in a slice, some 100 ms. */
const SLICE = 250
const FILE_SLICES = 40

const OPTIONS = {
  rounds: { type: 'string', default: '5' },
  sizes: { type: 'string', default: '50,400,1000' },
  timeline: { type: 'string', default: '50' },
  cpu: { type: 'string', default: '60' },
  slices: { type: 'string', default: '10' },
  convert: { type: 'string', default: '100000,200000' }
}

async function run ({ rounds, sizes, timeline, cpu, slices, convert }, note) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-bench-'))
  try {
    const results = []
    for (const size of numbers(sizes)) results.push(await sampling(size, Number(rounds), dir, note))
    const timelines = []
    for (const size of numbers(timeline)) timelines.push(await ended(size, dir, note))
    const cost = Number(cpu) > 0 ? await cpuCost(Number(cpu), Number(slices), note) : undefined
    const files = cost && await fileSizes(dir, note)
    const [nodes, samples] = numbers(convert)
    if (nodes) note('profile: conversion')
    const conversion = nodes && await runChild(CHILD, { side: 'conversion', nodes, samples, dir })
    return {
      tables: [
        ...results.map(samplingTable), ...timelines.map(timelineTable),
        ...cost ? [cpuTable(cost), filesTable(files)] : [], ...conversion ? [conversionTable(nodes, samples, conversion)] : []
      ],
      claims: [...results.flatMap(samplingClaims), ...timelines.map(timelineClaim), ...cost ? cpuClaims(cost) : []],
      data: { profile: { sampling: results, timeline: timelines, cpu: cost, files, conversion } }
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

/**
 * What a profile costs a service that is warm: off, heapkit, the peer, and off again, in turn in one process. In processes of their own, V8 compiled the
 * same work now better, now worse, and that was up to 4 % of its CPU: more than what is to be measured.
 */
async function cpuCost (rounds, slices, note) {
  note('profile: CPU profiles')
  const runs = await runChild(CHILD, { side: 'cpuCost', ...CPU, rounds, slice: SLICE, slices })
  const of = (side) => runs.map((run) => run[side])
  // Two turns without a profiler are a better baseline than one.
  const off = runs.map(({ off, again }) => (off + again) / 2)
  return {
    rounds,
    runs,
    heapkit: ratio(of('heapkit'), off),
    datadog: ratio(of('datadog'), off),
    again: ratio(of('again'), of('off')),
    heapkitToDatadog: ratio(of('heapkit'), of('datadog'))
  }
}

async function fileSizes (dir, note) {
  note('profile: sizes of files')
  const task = { ...CPU, rounds: SLICE * FILE_SLICES, dir }
  return { heapkit: await runChild(CHILD, { side: 'files', ...task }), datadog: await runChild(CHILD, { side: 'peersFiles', ...task }) }
}

function cpuTable ({ rounds, runs, heapkit, datadog, again, heapkitToDatadog }) {
  const of = (side) => `${median(runs.map((run) => run[side])).toFixed(3)} s`
  return {
    title: `CPU profile, ${1e6 / CPU.sampleInterval} samples a second; CPU of the same work, medians of ${rounds} rounds`,
    head: ['', 'CPU', 'on / off (95 %)', 'heapkit / datadog (95 %)'],
    rows: [
      ['off', of('off'), '-', '-'],
      ['heapkit', of('heapkit'), ratioText(heapkit), ratioText(heapkitToDatadog)],
      ['@datadog/pprof', of('datadog'), ratioText(datadog), '-'],
      ['off again', of('again'), ratioText(again), '-']
    ]
  }
}

function filesTable ({ heapkit, datadog }) {
  const rows = (title, sizes) => Object.entries(sizes).map(([format, { plain, packed }]) => [`${title}, ${format}`, bytes(plain), bytes(packed)])
  return {
    title: 'Files of the same work',
    head: ['', 'plain', 'gzip'],
    rows: [
      ...rows('CPU', heapkit.cpu), ...rows('CPU', { '@datadog/pprof': datadog.cpu }),
      ...rows('sampling', heapkit.sampling), ...rows('sampling', { '@datadog/pprof': datadog.sampling })
    ]
  }
}

function conversionTable (nodes, samples, { size, read, formats }) {
  return {
    title: `A CPU profile of ${nodes} nodes and ${samples} samples`,
    head: ['', 'time', 'bytes'],
    rows: [['read', ms(read), bytes(size)], ...Object.entries(formats).map(([format, { ms: took, bytes: length }]) => [format, ms(took), bytes(length)])]
  }
}

function cpuClaims ({ heapkit: { median, low, high }, heapkitToDatadog }) {
  return [
    { claim: `a CPU profile costs at most ${percent(MAX_CPU_COST)} of CPU`, value: `${percent(median - 1)} (95 %: ${percent(low - 1)} to ${percent(high - 1)})`, holds: median - 1 <= MAX_CPU_COST },
    { claim: 'a CPU profile costs at most what @datadog/pprof\'s does', value: ratioText(heapkitToDatadog), holds: heapkitToDatadog.median <= 1 }
  ]
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
