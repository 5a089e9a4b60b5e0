'use strict'

// takeSnapshot({ mode: 'inline' }) against v8.writeHeapSnapshot() and zlib.gzipSync() of its file, on the same heap.
//
//   node bench/snapshot.js [--pairs 7] [--sizes 50,200] [--json]

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { runChild } = require('./support/child')
const { start, bytes, ms, times, ratioText } = require('./support/output')
const { median, ratio } = require('./support/stats')

const CHILD = path.join(__dirname, 'support', 'snapshot-child.js')
// heapkit's default.
const LEVEL = 4
const MB = 1e6
const MAX_PAUSE_RATIO = 1.05
const MIN_PACKING = 5
// The snapshots of the two sides may differ by heapkit itself, about 1 MB, and by what V8 happens to have compiled.
const maxDifference = (rawBytes) => 2 * MB + 0.01 * rawBytes

const OPTIONS = {
  pairs: { type: 'string', default: '7' },
  sizes: { type: 'string', default: '50,200' }
}

async function run ({ pairs, sizes }, note) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-bench-'))
  try {
    const results = []
    for (const size of sizes.split(',').map(Number)) {
      results.push(await measure(size, Number(pairs), dir, note))
    }
    return { tables: results.map(toTable), claims: results.flatMap(toClaims), data: { snapshot: results } }
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

async function measure (size, pairs, dir, note) {
  note(`snapshot: ${size} MB, making the heap`)
  const units = await runChild(CHILD, { calibrate: size * MB }, ['--expose-gc'])
  const heapkit = []
  const v8 = []
  const runs = { heapkit, v8 }
  for (let pair = 0; pair < pairs; pair++) {
    // ABBA: what drifts, drifts for both.
    for (const side of pair % 2 === 0 ? ['heapkit', 'v8'] : ['v8', 'heapkit']) {
      note(`snapshot: ${size} MB, pair ${pair + 1} of ${pairs}, ${side}`)
      runs[side].push(await runChild(CHILD, { side, units, dir, level: LEVEL }))
    }
    const [a, b] = [heapkit[pair].rawBytes, v8[pair].rawBytes]
    if (Math.abs(a - b) > maxDifference(b)) throw new Error(`The snapshots are not of the same heap: ${a} and ${b} bytes`)
  }
  const compare = (ours, theirs) => ratio(heapkit.map((run) => run[ours]), v8.map((run) => run[theirs]))
  return {
    size,
    pairs,
    level: LEVEL,
    heapkit,
    v8,
    ratios: {
      pause: compare('pause', 'pause'),
      pauseWithGzip: compare('pause', 'pauseWithGzip'),
      onCpu: compare('onCpu', 'onCpu'),
      total: compare('total', 'total'),
      peakRss: compare('peakRss', 'peakRss'),
      peakRssWithGzip: compare('peakRss', 'peakRssWithGzip'),
      bytes: compare('bytes', 'bytes'),
      rawBytes: compare('rawBytes', 'rawBytes')
    }
  }
}

function toTable ({ size, pairs, heapkit, v8, ratios }) {
  const of = (runs, name) => median(runs.map((run) => run[name]))
  const row = (title, name, other, format, ratio) =>
    [title, format(of(heapkit, name)), format(of(v8, other)), ratioText(ratio)]
  return {
    title: `Snapshot of a heap of ${size} MB, medians of ${pairs} pairs, gzip ${LEVEL} on both sides`,
    head: ['', 'heapkit', 'v8', 'heapkit / v8 (95 %)'],
    rows: [
      row('pause, v8 without gzip', 'pause', 'pause', ms, ratios.pause),
      row('  of it on a CPU', 'onCpu', 'onCpu', ms, ratios.onCpu),
      ['  of it waiting for a CPU', ms(of(heapkit, 'ready')), ms(of(v8, 'ready')), '-'],
      row('pause, v8 with gzipSync', 'pause', 'pauseWithGzip', ms, ratios.pauseWithGzip),
      row('total until on the disk', 'total', 'total', ms, ratios.total),
      row('peak RSS, v8 without gzip', 'peakRss', 'peakRss', bytes, ratios.peakRss),
      row('peak RSS, v8 with gzipSync', 'peakRss', 'peakRssWithGzip', bytes, ratios.peakRssWithGzip),
      row('RSS before', 'rssBefore', 'rssBefore', bytes, ratio(heapkit.map((run) => run.rssBefore), v8.map((run) => run.rssBefore))),
      row('bytes on disk', 'bytes', 'bytes', bytes, ratios.bytes),
      row('raw snapshot', 'rawBytes', 'rawBytes', bytes, ratios.rawBytes)
    ]
  }
}

function toClaims ({ size, heapkit, ratios }) {
  const packing = Math.min(...heapkit.map(({ bytes, rawBytes }) => rawBytes / bytes))
  return [
    {
      claim: `${size} MB: pause at most ${MAX_PAUSE_RATIO} x v8.writeHeapSnapshot() alone`,
      value: times(ratios.pause.median),
      holds: ratios.pause.median <= MAX_PAUSE_RATIO
    },
    {
      claim: `${size} MB: file at most 1/${MIN_PACKING} of raw`,
      value: `1/${packing.toFixed(2)}`,
      holds: packing >= MIN_PACKING
    }
  ]
}

if (require.main === module) {
  start(run, parseArgs({ options: { ...OPTIONS, json: { type: 'boolean' } } }).values)
}

module.exports = { run, OPTIONS }
