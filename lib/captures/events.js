'use strict'

// What subscribers of diagnostics_channel hear of a capture: that it starts, and how it ends.

const { threadId } = require('node:worker_threads')
const { publish } = require('../diagnostics')
const { HeapkitError, codes } = require('../errors')
const shared = require('../shared')
const time = require('../time')

/** Announces that a capture starts. Answers { event, date, at } for the functions below; `at` is by the clock of lib/time.js. */
function announce (kind) {
  const start = begun({ id: ++shared.lastId, kind })
  publish('start', { ...start.event })
  return start
}

/** The same for what is no capture of anybody's: subscribers hear nothing of it. */
function unannounced (kind) {
  return { ...begun({ kind }), isSilent: true }
}

function begun (event) {
  const date = time.date()
  return { event: { ...event, threadId, startedAt: date.toISOString() }, date, at: time.now() }
}

function ended ({ event, isSilent }, artifact) {
  if (!isSilent) publish('end', { ...event, artifact })
}

function failed ({ event, isSilent }, error) {
  if (!isSilent) publish('error', { ...event, error })
}

/** Announces that a session was given up before anything of it was recorded. */
function withdraw (start) {
  failed(start, new HeapkitError(codes.ABORTED, 'The capture was given up: its session was disposed of without stop()'))
}

module.exports = { announce, unannounced, ended, failed, withdraw }
