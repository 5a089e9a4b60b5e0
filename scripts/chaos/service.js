'use strict'

// The service that chaos is brought upon: a heap that takes a snapshot a moment, captures of every kind on request, and the HTTP handler.
// Requests come as messages { id, action, … }; each is answered { id, result } or { id, error: { code, message } }.

const http = require('node:http')
const path = require('node:path')
const { Worker } = require('node:worker_threads')
const heapkit = require('../..')

const TOKEN = 'chaos'

/** Keeps what makes a snapshot take about a second. */
const ballast = Array.from({ length: 50_000 }, (_, index) => ({ index, name: `item ${index}`, tags: [index % 7, `${index % 1000}`] }))

const CAPTURES = {
  fork: (options) => heapkit.takeSnapshot({ ...options, mode: 'fork' }),
  inline: (options) => heapkit.takeSnapshot({ ...options, mode: 'inline' }),
  stream: ({ dir, ...options }) => drain(heapkit.createSnapshotStream({ ...options, mode: 'fork' })),
  'inline stream': (options) => drain(heapkit.createSnapshotStream({ ...options, mode: 'inline' })),
  sampling: (options) => session(heapkit.startSampling(), options),
  cpu: (options) => session(heapkit.startCpuProfile(), options),
  timeline: (options) => session(heapkit.startTimeline(), options)
}

const ACTIONS = {
  async capture ({ kind, options, abortAfterMs }) {
    const signal = abortAfterMs === undefined ? undefined : AbortSignal.timeout(abortAfterMs)
    return CAPTURES[kind]({ ...options, signal })
  },

  async listen ({ dir }) {
    const server = http.createServer(heapkit.createHandler({ token: TOKEN, dir }))
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
    return server.address().port
  },

  /** `ends[i]`: what becomes of the worker i, and after how many milliseconds. */
  async workers ({ dir, ends }) {
    return Promise.all(ends.map(({ how, afterMs }) => new Promise((resolve) => {
      const worker = new Worker(path.join(__dirname, 'worker.js'), { workerData: { dir } })
      worker.on('error', () => {})
      worker.on('exit', resolve)
      setTimeout(() => how === 'terminate' ? worker.terminate() : worker.postMessage(how), afterMs)
    })))
  }
}

async function drain (stream) {
  let bytes = 0
  for await (const chunk of stream) bytes += chunk.length
  return { bytes }
}

async function session (started, options) {
  try {
    return await started.stop(options)
  } finally {
    await started[Symbol.asyncDispose]()
  }
}

process.on('message', async ({ id, action, ...task }) => {
  try {
    process.send({ id, result: await ACTIONS[action](task) })
  } catch (error) {
    process.send({ id, error: { code: error.code, message: error.message } })
  }
})
process.on('disconnect', () => process.exit())
process.send({ ready: ballast.length > 0 })
