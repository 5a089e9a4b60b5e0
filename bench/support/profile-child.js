'use strict'

// One heap whose sampling profile is read again and again, or one timeline that is stopped: the measured process of profile.js.

const fs = require('node:fs')
const path = require('node:path')
const zlib = require('node:zlib')
const { setTimeout: sleep } = require('node:timers/promises')
const { performance } = require('node:perf_hooks')
const { serve } = require('./child')
const { calibrate, Heap } = require('./heap')
const { Workload } = require('./workload')

serve(async (task) => {
  globalThis.heap = new Heap()
  if (task.calibrate) return calibrate(globalThis.heap, task.calibrate)
  return await SIDES[task.side](task)
})

const SIDES = { heapkit, datadog, timeline, cpuCost, files, peersFiles, conversion }

/** Both modes in turn, so that what the machine does beside it meets both. */
async function heapkit ({ units, rounds, dir }) {
  const { startSampling } = require('heapkit')
  const session = startSampling()
  await grow(units)
  const runs = []
  // The first of each is not counted: V8 compiles.
  for (let round = -1; round < rounds; round++) {
    const run = {}
    for (const mode of round % 2 === 0 ? ['inline', 'fork'] : ['fork', 'inline']) {
      const seen = await forkMs(() => session.capture({ dir, mode, compression: 'none' }))
      run[mode] = { pause: seen.artifact.pauseMs, total: seen.artifact.durationMs, fork2: seen.fork2, ...read(seen.artifact) }
      await sleep(100)
    }
    if (round >= 0) runs.push(run)
  }
  const stop = await forkMs(() => session.stop({ dir, mode: 'fork', compression: 'none' }))
  return { runs, stop: { pause: stop.artifact.pauseMs, fork2: stop.fork2, ...read(stop.artifact) } }
}

/** The field's peer collects no garbage before it reads, so its profile has what is dead as well. */
async function datadog ({ units, rounds }) {
  const { heap, encode } = require('@datadog/pprof')
  heap.start(512 * 1024, 64)
  await grow(units)
  const runs = []
  for (let round = -1; round < rounds; round++) {
    const start = performance.now()
    const profile = heap.profile()
    const encoded = encode(profile)
    const pause = performance.now() - start
    const { length: bytes } = await encoded
    if (round >= 0) runs.push({ pause, total: performance.now() - start, bytes })
    await sleep(100)
  }
  heap.stop()
  return { runs }
}

async function timeline ({ units, mode, dir }) {
  const { startTimeline } = require('heapkit')
  await grow(units)
  // No sample meanwhile.
  const session = startTimeline({ resolutionMs: 3_600_000 })
  const { artifact, fork2 } = await forkMs(() => session.stop({ dir, mode, compression: 'none' }))
  fs.unlinkSync(artifact.path)
  return { pause: artifact.pauseMs, total: artifact.durationMs, fork2 }
}

/** Starts a profiler and answers how to end it. */
const CPU_PROFILERS = {
  off: () => () => {},
  again: () => () => {},
  heapkit (sampleInterval) {
    const session = require('heapkit').startCpuProfile({ sampleInterval })
    return () => session[Symbol.asyncDispose]()
  },
  datadog (sampleInterval) {
    const { time } = require('@datadog/pprof')
    time.start({ intervalMicros: sampleInterval, durationMillis: 60_000 })
    return () => { time.stop() }
  }
}

/** CPU seconds of the whole process for the same work, beside each profiler: V8's own thread counts, starting and stopping do not. */
async function cpuCost ({ sampleInterval, rounds, slice, slices }) {
  const work = new Workload()
  const sides = Object.keys(CPU_PROFILERS)
  const runs = []
  // The first is not counted: V8 compiles.
  for (let round = -1; round < rounds; round++) {
    const run = {}
    const from = (round + sides.length) % sides.length
    for (const side of [...sides.slice(from), ...sides.slice(0, from)]) {
      const stop = CPU_PROFILERS[side](sampleInterval)
      // V8's thread is told of all code that there is.
      work.run(slice * 2)
      const before = process.cpuUsage()
      work.run(slice * slices)
      const { user, system } = process.cpuUsage(before)
      run[side] = (user + system) / 1e6
      await stop()
    }
    if (round >= 0) runs.push(run)
  }
  return runs
}

/** How large the same profiles are in each format, as they are and packed with gzip. */
async function files ({ sampleInterval, rounds, dir }) {
  const { startCpuProfile, startSampling, openProfile } = require('heapkit')
  const sessions = [startCpuProfile({ sampleInterval }), startSampling()]
  new Workload().run(rounds)
  const sizes = {}
  for (const session of sessions) {
    const { kind, path: file } = await session.stop({ dir, compression: 'none' })
    const profile = await openProfile(file)
    const texts = { [path.extname(file).slice(1)]: fs.readFileSync(file) }
    for (const format of ['pprof', 'folded', 'speedscope']) texts[format] = await profile.convert(format)
    profile.close()
    fs.unlinkSync(file)
    sizes[kind] = Object.fromEntries(Object.entries(texts).map(([format, text]) => [format, format === 'pprof' ? { packed: text.length, plain: zlib.gunzipSync(text).length } : { plain: text.length, packed: zlib.gzipSync(text, { level: 4 }).length }]))
  }
  return sizes
}

/** The peer's files of the same work. */
async function peersFiles ({ sampleInterval, rounds }) {
  const { heap, time, encode } = require('@datadog/pprof')
  time.start({ intervalMicros: sampleInterval, durationMillis: 60_000 })
  heap.start(512 * 1024, 64)
  new Workload().run(rounds)
  const size = async (profile) => {
    const packed = await encode(profile)
    return { packed: packed.length, plain: zlib.gunzipSync(packed).length }
  }
  return { cpu: await size(time.stop()), sampling: await size(heap.profile()) }
}

/** How long a large CPU profile takes to read, and to write in each format. */
async function conversion ({ nodes, samples, dir }) {
  const { openProfile } = require('heapkit')
  const file = path.join(dir, 'large.cpuprofile')
  fs.writeFileSync(file, JSON.stringify(large(nodes, samples)))
  const { size } = fs.statSync(file)
  let start = performance.now()
  const profile = await openProfile(file)
  const read = performance.now() - start
  const formats = {}
  for (const format of ['pprof', 'folded', 'speedscope', 'flamegraph']) {
    start = performance.now()
    const { length } = await profile.convert(format)
    formats[format] = { ms: performance.now() - start, bytes: length }
  }
  profile.close()
  fs.unlinkSync(file)
  return { size, read, formats }
}

/** Trees of 40 frames, four calls wide at their ends; samples everywhere in turn. */
function large (count, samples) {
  const callFrame = (index) => ({ functionName: `function${index % 5000}`, scriptId: '1', url: `file:///srv/app/module${index % 300}.js`, lineNumber: index % 1000, columnNumber: 4 })
  const nodes = Array.from({ length: count }, (_, index) => ({ id: index + 1, callFrame: callFrame(index), hitCount: 1, children: [] }))
  for (let index = 1; index < count; index++) nodes[index % 40 === 1 ? 0 : index % 40 > 36 ? index - (index % 40 - 36) : index - 1].children.push(index + 1)
  return { nodes, startTime: 0, endTime: samples * 1000, samples: Array.from({ length: samples }, (_, index) => index * 7919 % count + 1), timeDeltas: new Array(samples).fill(1000) }
}

async function grow (units) {
  globalThis.heap.grow(units)
  // Let what the building started (compiling, concurrent marking) come to an end.
  await sleep(500)
}

/** fork(2) alone is measured where it happens: the same process, the same moment. */
async function forkMs (capture) {
  const { ForkedWork } = require('../../lib/native')
  const { fork } = ForkedWork.prototype
  let fork2
  ForkedWork.prototype.fork = function (...args) {
    const promise = fork.apply(this, args)
    fork2 = this.forkMs
    return promise
  }
  try {
    return { artifact: await capture(), fork2 }
  } finally {
    ForkedWork.prototype.fork = fork
  }
}

/** What the profile says that the heap's functions hold, and its samples. */
function read ({ path: file, bytes }) {
  const { head, samples } = JSON.parse(fs.readFileSync(file))
  fs.unlinkSync(file)
  const held = (node, isIn) => node.children.reduce((sum, child) => sum + held(child, isIn || child.callFrame.functionName === 'grow'), isIn ? node.selfSize : 0)
  return { bytes, samples: samples.length, held: held(head, false) }
}
