'use strict'

// Allocation timelines: a heap snapshot whose objects know when, and with `trackAllocations` where, they were allocated.

const inspector = require('../inspector')
const options = require('../options')
const shared = require('../shared')
const time = require('../time')
const { LoopTimers } = require('../native')
const { CaptureSession } = require('./session')
const { withSlot } = require('./slot')

// Timelines have an inspector session of their own, so that it can be disabled alone.
const SESSION = 'timeline'
// Without a `resolutionMs` a sample is due a second after the last, but not before the event loop has had so many times as long as the
// last one took: samples take at most a tenth of its time, however many objects there are.
const USUAL_MS = 1000
const REST = 9

class TimelineSession extends CaptureSession {
  #slot
  #unwatch

  constructor (slot, unwatch) {
    super('timeline')
    this.#slot = slot
    this.#unwatch = unwatch
  }

  async stop (given) {
    return this._stop(options.stop('timeline', given), (recording) =>
      recording.pause.run(() => this.#release(() => stopTracking((chunk) => recording.writeChunk(chunk)))))
  }

  async _dispose () {
    await this._discard(() => this.#release(cancelTracking))
  }

  #release (stop) {
    this.#unwatch()
    try {
      stop()
    } finally {
      this.#slot.release()
    }
  }
}

/** Its snapshot gives the objects ids, which may be compared with others'. */
function stopTracking (onChunk) {
  shared.idsCount = true
  inspector.collectSnapshot('HeapProfiler.stopTrackingHeapObjects', onChunk, SESSION)
}

/**
 * Stops without a snapshot, for which V8 has no command. Disabling the session is one, but V8 forgets the ids of all objects with it: where
 * they count, the snapshot is taken and dropped.
 */
function cancelTracking () {
  if (shared.idsCount) stopTracking(() => {})
  else inspector.postSync('HeapProfiler.disable', {}, SESSION)
}

/** How long until the next sample, after one that took `tookMs`. */
function pace (resolutionMs, tookMs) {
  return resolutionMs ?? Math.max(USUAL_MS, Math.min(Math.ceil(tookMs * REST), 3_600_000))
}

/**
 * The inspector samples by a timer, which would keep the process alive, and stop it most of the time. From Node 22 on it is another one for
 * each sample, which comes right after V8 has told of the sample; before that it stays the same. Answers what ends it.
 */
function paceSamples (timers, resolutionMs, firstMs) {
  let every = pace(resolutionMs, firstMs)
  timers.paceNew(every)
  return inspector.onTimelineSample(() => {
    const last = every
    // The timer was due when the turn began, or a little later.
    every = pace(resolutionMs, LoopTimers.turnMs())
    const since = new LoopTimers()
    time.after(0, () => {
      if (since.paceNew(every) === 0 && every !== last) timers.paceAgain(every)
    })
  })
}

function startTimeline (given) {
  const { trackAllocations, resolutionMs } = options.start('timeline', given)
  return withSlot('timeline', (slot) => {
    const timers = new LoopTimers()
    const began = time.now()
    inspector.postSync('HeapProfiler.startTrackingHeapObjects', { trackAllocations }, SESSION)
    let unwatch = () => {}
    try {
      // It has walked the heap once already.
      unwatch = paceSamples(timers, resolutionMs, time.now() - began)
      const session = new TimelineSession(slot, unwatch)
      slot.endBy((error) => session.end(error))
      return session
    } catch (error) {
      unwatch()
      cancelTracking()
      throw error
    }
  })
}

module.exports = { startTimeline }
