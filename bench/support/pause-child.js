'use strict'

// One heap, one snapshot: the measured process of pause.js.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { performance } = require('node:perf_hooks')
const v8 = require('node:v8')
const { serve } = require('./child')
const { calibrate, Heap } = require('./heap')
const { median } = require('./stats')
const { rssBytes, peakRssBytes, resetPeak } = require('./proc')
const { Workload } = require('./workload')

const SPAWNS = 61
const WARM_UP_SPAWNS = 20
const IDLE_MS = 8000
const WORK_SLICES = 21
const WORK_ROUNDS = 250

serve(async (task) => {
  globalThis.heap = new Heap()
  if (task.calibrate) return calibrate(globalThis.heap, task.calibrate)
  globalThis.heap.grow(task.units)
  if (task.buffers) globalThis.buffers = Array.from({ length: task.buffers.count }, () => Buffer.alloc(task.buffers.bytes, 1))
  // Let what the building started (compiling, concurrent marking) come to an end.
  await sleep(500)
  if (task.side === 'v8') return byV8(task)
  return task.side === 'stable' ? withStableIds(task) : byHeapkit(task)
})

function byV8 ({ dir }) {
  const file = path.join(dir, `${process.pid}.heapsnapshot`)
  const heapUsed = process.memoryUsage().heapUsed
  resetPeak()
  const rssBefore = rssBytes()
  const start = performance.now()
  v8.writeHeapSnapshot(file)
  const pause = performance.now() - start
  const bytes = fs.statSync(file).size
  fs.unlinkSync(file)
  return { pause, stall: pause, total: pause, heapUsed, rssBefore, rssAfter: rssBytes(), peakRss: peakRssBytes(), bytes }
}

async function byHeapkit ({ side, dir }) {
  const mode = side === 'inline' ? 'inline' : 'fork'
  const { takeSnapshot } = require('heapkit')
  const { ForkedWork } = require('../../lib/native')
  // fork(2) alone is measured where it happens: the same process, the same moment.
  let fork2
  const fork = ForkedWork.prototype.fork
  ForkedWork.prototype.fork = function (...args) {
    const promise = fork.apply(this, args)
    fork2 = this.forkMs
    return promise
  }
  // Idle first, as the service is while the child works: a machine that has been idle spawns more slowly.
  if (side === 'fork') await sleep(IDLE_MS)
  const spawnBefore = side === 'fork' ? spawnMs() : undefined
  const heapUsed = process.memoryUsage().heapUsed
  let childRss = 0
  let stall = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    stall = Math.max(stall, now - last)
    last = now
  }, 1)
  const looking = side === 'fork' && setInterval(() => { childRss = Math.max(childRss, childRssBytes()) }, 250)
  await sleep(50)
  stall = 0
  resetPeak()
  const rssBefore = rssBytes()
  const start = performance.now()
  const artifact = await takeSnapshot({ mode, dir })
  const total = performance.now() - start
  clearInterval(timer)
  clearInterval(looking)
  fs.unlinkSync(artifact.path)
  const peakRss = peakRssBytes()
  const rssAfter = rssBytes()
  const spawnAfter = side === 'fork' ? spawnMs() : undefined
  return { pause: artifact.pauseMs, fork2, stall, total, heapUsed, rssBefore, rssAfter, peakRss, childRss: childRss || undefined, spawnBefore, spawnAfter, bytes: artifact.bytes }
}

/** The second snapshot has fewer objects to number. What the table of ids costs later is seen by the same work before and after. */
async function withStableIds ({ dir }) {
  const { takeSnapshot } = require('heapkit')
  const workload = new Workload()
  const options = { mode: 'fork', dir, stableIds: true }
  const take = async () => {
    const { path: file, ...artifact } = await takeSnapshot(options)
    fs.unlinkSync(file)
    return artifact
  }
  workMs(workload)
  const workBefore = workMs(workload)
  resetPeak()
  const heapUsed = process.memoryUsage().heapUsed
  const rssBefore = rssBytes()
  const start = performance.now()
  const { pauseMs: pause, bytes } = await take()
  const total = performance.now() - start
  const [rssAfter, peakRss] = [rssBytes(), peakRssBytes()]
  const workAfter = workMs(workload)
  return { pause, total, heapUsed, rssBefore, rssAfter, peakRss, bytes, workBefore, workAfter, pauseAgain: (await take()).pauseMs }
}

/** The median time of a slice of work. */
function workMs (workload) {
  return median(Array.from({ length: WORK_SLICES }, () => {
    const start = performance.now()
    workload.run(WORK_ROUNDS)
    return performance.now() - start
  }))
}

/** The median time of a spawn. */
function spawnMs () {
  for (let n = 0; n < WARM_UP_SPAWNS; n++) spawnSync('/bin/true')
  return median(Array.from({ length: SPAWNS }, () => {
    const start = performance.now()
    spawnSync('/bin/true')
    return performance.now() - start
  }))
}

function childRssBytes () {
  const [pid] = fs.readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean)
  if (!pid) return 0
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
