'use strict'

// What heapkit is doing in this process, and what there is on the disk.

const { threadId } = require('node:worker_threads')
const native = require('../native')
const { version } = require('../../package.json')
const { readDirectory } = require('../artifacts')
const { activeSession } = require('../captures/session')
const { current } = require('./captures')
const { readQuery } = require('./query')
const { sendJson } = require('./response')

async function status ({ res, search, dir }) {
  readQuery(search, {})
  const there = dir()
  const { count, bytes, freeDiskBytes } = await readDirectory(there)
  const sampling = activeSession('sampling')
  sendJson(res, 200, {
    version,
    nodeVersion: process.version,
    pid: process.pid,
    threadId,
    uptimeSeconds: Math.round(process.uptime()),
    snapshotsDisabled: native.snapshotsDisabled(),
    capture: current(),
    sampling: sampling ? { startedAt: sampling.startedAt.toISOString() } : null,
    dir: there,
    artifacts: { count, bytes },
    freeDiskBytes,
    memory: process.memoryUsage()
  })
}

module.exports = { status }
