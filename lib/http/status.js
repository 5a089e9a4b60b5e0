'use strict'

// What heapkit is doing in this process, and what there is on the disk.

const { threadId } = require('node:worker_threads')
const native = require('../native')
const { version } = require('../../package.json')
const { readDirectory } = require('../artifacts')
const { codes } = require('../errors')
const { redaction, redactionFor } = require('../options')
const { deferred, race } = require('../promises')
const time = require('../time')
const { activeSession } = require('../captures/session')
const { current } = require('./captures')
const { readQuery } = require('./query')
const { sendJson } = require('./response')

/** How long the directory may take to answer. Whoever asks for the status wants to learn that a volume hangs, not to wait for it. */
const PATIENCE_MS = 2000

const UNKNOWN = { artifacts: null, freeDiskBytes: null }

async function status ({ res, search, dir, reading }) {
  readQuery(search, {})
  const there = dir()
  const { artifacts, freeDiskBytes } = await lookAt(there)
  const sampling = activeSession('sampling')
  sendJson(res, 200, {
    version,
    nodeVersion: process.version,
    pid: process.pid,
    threadId,
    uptimeSeconds: Math.round(process.uptime()),
    snapshotsDisabled: native.snapshotsDisabled(),
    redact: redactionName(reading),
    capture: current(),
    sampling: sampling ? { startedAt: sampling.startedAt.toISOString() } : null,
    dir: there,
    artifacts,
    freeDiskBytes,
    memory: process.memoryUsage()
  })
}

/** How snapshots are redacted, at least: `false`, `true` or `'strict'`. */
function redactionName ({ redact = false }) {
  const rule = redactionFor(redaction(redact, 'redact'))
  return rule?.strict ? 'strict' : rule !== undefined
}

/** What there is in a directory: unknown where its volume does not answer. */
async function lookAt (dir) {
  const patience = deferred()
  const alarm = time.after(PATIENCE_MS, () => patience.resolve(UNKNOWN))
  try {
    return await race(totals(dir), patience.promise)
  } catch (error) {
    if (error.code === codes.STALLED) return UNKNOWN
    throw error
  } finally {
    alarm.cancel()
  }
}

async function totals (dir) {
  const { count, bytes, freeDiskBytes } = await readDirectory(dir)
  return { artifacts: { count, bytes }, freeDiskBytes }
}

module.exports = { status }
