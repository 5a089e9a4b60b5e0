'use strict'

// The workload, with or without a profiler: the measured process of sampling.js.

const { performance } = require('node:perf_hooks')
const { Workload } = require('./workload')

// Compiled and warm before it counts.
const WARM_UP_SLICES = 6

/** Each starts its profiler and answers how to end it. What is measured lies in between. */
const SIDES = {
  off () {
    return () => ({})
  },
  again () {
    return () => ({})
  },
  heapkit ({ sampleInterval, stackDepth }) {
    const { startSampling } = require('heapkit')
    const session = startSampling({ sampleInterval, stackDepth })
    return () => session[Symbol.asyncDispose]()
  },
  datadog ({ sampleInterval, stackDepth }) {
    const { heap } = require('@datadog/pprof')
    heap.start(sampleInterval, stackDepth)
    return () => heap.stop()
  },
  /** Not measured: how much is allocated, by sampling what is collected, too. */
  count ({ sampleInterval }) {
    const { Session } = require('node:inspector')
    const inspector = new Session()
    inspector.connect()
    inspector.post('HeapProfiler.startSampling', {
      samplingInterval: sampleInterval, includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true
    })
    return () => new Promise((resolve) => {
      inspector.post('HeapProfiler.stopSampling', (_error, { profile }) => {
        resolve({ allocated: allocatedBelow(profile.head), samples: profile.samples.length })
      })
    })
  }
}

// Works in slices, each when it is told to: sampling.js lets the sides take turns.
let workload
let stop
let slice
let cpu
let wall = 0

const ACTIONS = {
  start (task) {
    slice = task.slice
    workload = new Workload()
    stop = SIDES[task.side](task)
    workload.run(slice * WARM_UP_SLICES)
  },
  slice () {
    // From the first slice to the last, so that what V8's own threads do after a slice is not lost.
    cpu ??= process.cpuUsage()
    const start = performance.now()
    workload.run(slice)
    wall += performance.now() - start
  },
  async end () {
    const { user, system } = process.cpuUsage(cpu)
    return { wall: wall / 1000, cpu: (user + system) / 1e6, checksum: workload.run(0), ...await stop() }
  }
}

process.on('message', async ({ action, task }) => {
  const result = await ACTIONS[action](task)
  process.send({ result }, () => { if (action === 'end') process.exit() })
})

function allocatedBelow ({ selfSize, children }) {
  return children.reduce((sum, child) => sum + allocatedBelow(child), selfSize)
}
