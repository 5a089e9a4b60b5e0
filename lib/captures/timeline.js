'use strict'

// Allocation timelines: a heap snapshot whose objects know when, and with `trackAllocations` where, they were allocated.

const inspector = require('../inspector')
const options = require('../options')
const { LoopTimers } = require('../native')
const { CaptureSession } = require('./session')
const { withSlot } = require('./slot')

class TimelineSession extends CaptureSession {
  #slot
  #unwatch

  constructor (slot, resolutionMs) {
    super('timeline')
    this.#slot = slot
    this.#unwatch = inspector.onTimelineSample(() => paceNextTimer(resolutionMs))
  }

  async stop (given) {
    return this._stop(options.stop('timeline', given), (recording) =>
      recording.pause.run(() => this.#release((chunk) => recording.writeChunk(chunk))))
  }

  async [Symbol.asyncDispose] () {
    await this._discard(() => this.#release(() => {}))
  }

  #release (onChunk) {
    this.#unwatch()
    try {
      stopTracking(onChunk)
    } finally {
      this.#slot.release()
    }
  }
}

/** There is no command that stops without a snapshot. */
function stopTracking (onChunk) {
  inspector.collectSnapshot('HeapProfiler.stopTrackingHeapObjects', onChunk)
}

/** From Node 22 on, V8 takes a new timer for each of its samples, right after it has told of the sample. */
function paceNextTimer (resolutionMs) {
  const timers = new LoopTimers()
  setImmediate(() => timers.paceNew(resolutionMs)).unref()
}

function startTimeline (given) {
  const { trackAllocations, resolutionMs } = options.start('timeline', given)
  return withSlot('timeline', (slot) => {
    const timers = new LoopTimers()
    inspector.postSync('HeapProfiler.startTrackingHeapObjects', { trackAllocations })
    try {
      // The inspector samples by a timer, which would keep the process alive, and stop it most of the time.
      timers.paceNew(resolutionMs)
      const session = new TimelineSession(slot, resolutionMs)
      slot.endBy((error) => session.end(error))
      return session
    } catch (error) {
      stopTracking(() => {})
      throw error
    }
  })
}

module.exports = { startTimeline }
