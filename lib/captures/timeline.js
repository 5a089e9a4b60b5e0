'use strict'

// Allocation timelines: a heap snapshot whose objects know when, and with `trackAllocations` where, they were allocated.

const inspector = require('../inspector')
const options = require('../options')
const { LoopTimers } = require('../native')
const { CaptureSession } = require('./session')
const { acquireSlot } = require('./slot')

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
      recording.pause.run(() => this.#end((chunk) => recording.writeChunk(chunk))))
  }

  async [Symbol.asyncDispose] () {
    // There is no command that stops without a snapshot.
    await this._discard(() => this.#end(() => {}))
  }

  #end (onChunk) {
    this.#unwatch()
    try {
      inspector.collectSnapshot('HeapProfiler.stopTrackingHeapObjects', onChunk)
    } finally {
      this.#slot.release()
    }
  }
}

/** From Node 22 on, V8 takes a new timer for each of its samples, right after it has told of the sample. */
function paceNextTimer (resolutionMs) {
  const timers = new LoopTimers()
  setImmediate(() => timers.paceNew(resolutionMs)).unref()
}

function startTimeline (given) {
  const { trackAllocations, resolutionMs } = options.start('timeline', given)
  const slot = acquireSlot('timeline')
  try {
    const timers = new LoopTimers()
    inspector.postSync('HeapProfiler.startTrackingHeapObjects', { trackAllocations })
    // The inspector samples by a timer, which would keep the process alive, and stop it most of the time.
    timers.paceNew(resolutionMs)
  } catch (error) {
    slot.release()
    throw error
  }
  return new TimelineSession(slot, resolutionMs)
}

module.exports = { startTimeline }
