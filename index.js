'use strict'

const { takeSnapshot, createSnapshotStream } = require('./lib/captures/snapshot')
const { startSampling, stopSampling } = require('./lib/captures/sampling')
const { startTimeline } = require('./lib/captures/timeline')
const { startCpuProfile } = require('./lib/captures/cpu')
const { createHandler } = require('./lib/http')
const { onSignal } = require('./lib/triggers/signal')
const { configure } = require('./lib/options')
const { listArtifacts } = require('./lib/artifacts')
const { openSnapshot, diffSnapshots } = require('./lib/heap')
const { openProfile } = require('./lib/profile')
const { redactSnapshot } = require('./lib/copies')
const { listen } = require('./lib/captures/workers')
const { HeapkitError } = require('./lib/errors')

listen()

// Written so that Node finds the names for `import { takeSnapshot } from 'heapkit'`.
module.exports = {
  takeSnapshot,
  createSnapshotStream,
  startSampling,
  stopSampling,
  startTimeline,
  startCpuProfile,
  createHandler,
  onSignal,
  configure,
  listArtifacts,
  openSnapshot,
  diffSnapshots,
  openProfile,
  redactSnapshot,
  HeapkitError
}
