'use strict'

// Allocation timelines: a heap snapshot whose objects know when, and with `trackAllocations` where, they were allocated.

const inspector = require('../inspector')
const options = require('../options')
const { CaptureSession } = require('./session')
const { snapshotByV8 } = require('./snapshot')
const { acquireSlot } = require('./slot')

class TimelineSession extends CaptureSession {
  #slot

  constructor (slot) {
    super('timeline')
    this.#slot = slot
  }

  async stop (given) {
    return this._stop(options.stop(given, ['heaptimeline']), async (recording) => {
      try {
        await snapshotByV8(recording, 'HeapProfiler.stopTrackingHeapObjects', { reportProgress: false })
      } finally {
        this.#slot.release()
      }
    })
  }

  async [Symbol.asyncDispose] () {
    await this._discard(() => {
      try {
        // There is no command that stops without a snapshot; nobody listens to this one.
        inspector.postSync('HeapProfiler.stopTrackingHeapObjects', { reportProgress: false })
      } finally {
        this.#slot.release()
      }
    })
  }
}

function startTimeline (given) {
  const { trackAllocations } = options.timeline(given)
  const slot = acquireSlot('timeline')
  try {
    inspector.postSync('HeapProfiler.startTrackingHeapObjects', { trackAllocations })
  } catch (error) {
    slot.release()
    throw error
  }
  return new TimelineSession(slot)
}

module.exports = { startTimeline }
