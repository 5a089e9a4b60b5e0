'use strict'

// The measured service of quota.js: a piece of work of 4 ms whenever one is due, so often that it uses 40 % of the quota.

const fs = require('node:fs')
const { performance } = require('node:perf_hooks')
const { Heap } = require('./heap')
const { quantile, median } = require('./stats')

const PIECE_MS = 4
const USE = 0.4

globalThis.heap = new Heap()
let everyMs
let loops

const ACTIONS = {
  start ({ size, quota }) {
    while (process.memoryUsage().heapUsed < size * 1e6) globalThis.heap.grow(20)
    everyMs = PIECE_MS / (USE * quota)
    // The piece is an amount of work, not of time: a service that stands still in the middle of one has not done it.
    work(1e6)
    const pieces = Array.from({ length: 50 }, () => timed(() => work(1e5)))
    loops = Math.round(1e5 * PIECE_MS / median(pieces))
    return {}
  },
  idle: ({ seconds }) => measured(() => new Promise((resolve) => setTimeout(resolve, seconds * 1000))),
  snapshot ({ dir, options }) {
    const { takeSnapshot } = require('heapkit')
    return measured(async () => {
      const { path: file, heldBackMs, pauseMs } = await takeSnapshot({ mode: 'fork', dir, ...options })
      fs.unlinkSync(file)
      return { heldBackMs, pauseMs }
    })
  }
}

function work (loops) {
  let sum = 0
  for (let n = 0; n < loops; n++) sum = (sum * 31 + n) | 0
  globalThis.sum = sum
}

function timed (work) {
  const begun = performance.now()
  work()
  return performance.now() - begun
}

/** What the service did while `during` went on: a piece is due at fixed times; one that was not begun when the next was due is lost. */
async function measured (during) {
  const started = performance.now()
  const latencies = []
  const lateness = []
  let due = started + everyMs
  let timer
  let lost = 0
  const next = () => { timer = setTimeout(piece, Math.max(due - performance.now(), 0)) }
  const piece = () => {
    const begun = performance.now()
    // Timers are of whole milliseconds, and may come a little early.
    if (begun < due) return next()
    work(loops)
    const now = performance.now()
    lateness.push(begun - due)
    latencies.push(now - due)
    due += everyMs
    while (due + everyMs < now) {
      due += everyMs
      lost++
    }
    next()
  }
  next()
  const result = await during()
  clearTimeout(timer)
  const seconds = (performance.now() - started) / 1000
  return {
    ...result,
    seconds,
    p99: quantile(latencies, 0.99),
    worst: Math.max(...latencies),
    late: quantile(lateness, 0.99),
    throughput: latencies.length / (latencies.length + lost)
  }
}

process.on('message', async ({ action, ...task }) => {
  try {
    process.send({ result: await ACTIONS[action](task) ?? {} })
  } catch (error) {
    process.send({ error: error.stack })
  }
})
