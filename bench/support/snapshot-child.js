'use strict'

// One heap, one snapshot: the measured process of snapshot.js. Also writes the snapshot that sink.js works on.

const fs = require('node:fs')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { performance } = require('node:perf_hooks')
const v8 = require('node:v8')
const zlib = require('node:zlib')
const { serve } = require('./child')
const { calibrate, Heap } = require('./heap')
const { mainThread, rssBytes, peakRssBytes, resetPeak } = require('./proc')

// A stall of less is the scheduler's, not the capture's.
const STALL_MS = 5

const SIDES = { heapkit: byHeapkit, v8: byV8 }

serve(async (task) => {
  // On the global object, where no optimization sees that it is not used again.
  globalThis.heap = new Heap()
  if (task.calibrate) return calibrate(globalThis.heap, task.calibrate)
  globalThis.heap.grow(task.units)
  // Let what the building started (compiling, concurrent marking) come to an end.
  await sleep(300)
  if (task.side === 'raw') return v8.writeHeapSnapshot(path.join(task.dir, 'input.heapsnapshot'))
  const heapUsed = process.memoryUsage().heapUsed
  resetPeak()
  const before = rssBytes()
  return { ...await SIDES[task.side](task), heapUsed, rssBefore: before }
})

async function byHeapkit ({ dir }) {
  const { takeSnapshot } = require('heapkit')
  const stalls = watchLoop()
  await sleep(20)
  stalls.reset()
  const start = performance.now()
  const before = mainThread()
  const artifact = await takeSnapshot({ mode: 'inline', dir })
  const total = performance.now() - start
  const after = mainThread()
  await sleep(20)
  const pause = stalls.stop()
  fs.unlinkSync(artifact.path)
  return {
    pause,
    pauseByHeapkit: artifact.pauseMs,
    ...since(before, after),
    total,
    peakRss: peakRssBytes(),
    bytes: artifact.bytes,
    rawBytes: artifact.rawBytes
  }
}

/** What somebody without heapkit would write, with heapkit's level. */
async function byV8 ({ dir, level }) {
  const raw = path.join(dir, `${process.pid}.heapsnapshot`)
  const start = performance.now()
  const before = mainThread()
  v8.writeHeapSnapshot(raw)
  const pause = performance.now() - start
  const after = mainThread()
  const peakRss = peakRssBytes()
  const packed = zlib.gzipSync(fs.readFileSync(raw), { level })
  const file = fs.openSync(`${raw}.gz`, 'wx', 0o600)
  fs.writeSync(file, packed)
  const pauseWithGzip = performance.now() - start
  fs.fsyncSync(file)
  fs.closeSync(file)
  const rawBytes = fs.statSync(raw).size
  fs.unlinkSync(raw)
  const total = performance.now() - start
  fs.unlinkSync(`${raw}.gz`)
  return { pause, pauseWithGzip, ...since(before, after), total, peakRss, peakRssWithGzip: peakRssBytes(), bytes: packed.length, rawBytes }
}

/** Of the pause: what the thread worked, and what it waited for a CPU that others had. The rest it was blocked. */
function since (before, after) {
  return { onCpu: after.onCpu - before.onCpu, ready: after.ready - before.ready }
}

/** Adds up how long a timer of 1 ms was kept waiting: the pause as the service sees it, whatever heapkit says. */
function watchLoop () {
  let stalled = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    if (now - last > STALL_MS) stalled += now - last
    last = now
  }, 1)
  return {
    reset () { stalled = 0 },
    stop () {
      clearInterval(timer)
      return stalled
    }
  }
}
