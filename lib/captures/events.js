'use strict'

// What subscribers of diagnostics_channel hear of a capture: that it starts, and how it ends.

const { threadId } = require('node:worker_threads')
const { publish } = require('../diagnostics')
const { HeapkitError, codes } = require('../errors')
const shared = require('../shared')
const time = require('../time')

/** Says that a capture starts. The answer, { event, date, at }, goes to what comes later of it; `at` is by the clock of lib/time.js. */
function announce (kind) {
  const date = time.date()
  const event = { id: ++shared.lastId, kind, threadId, startedAt: date.toISOString() }
  publish('start', { ...event })
  return { event, date, at: time.now() }
}

function ended ({ event }, artifact) {
  publish('end', { ...event, artifact })
}

function failed ({ event }, error) {
  publish('error', { ...event, error })
}

/** Says that what was announced was given up before its recording. */
function withdraw (start) {
  failed(start, new HeapkitError(codes.ABORTED, 'The capture was given up: its session was disposed of without stop()'))
}

module.exports = { announce, ended, failed, withdraw }
