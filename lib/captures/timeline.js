'use strict'

// Allocation timelines: a heap snapshot whose objects know when, and with `trackAllocations` where, they were allocated.

const inspector = require('../inspector')
const options = require('../options')
const shared = require('../shared')
const time = require('../time')
const { LoopTimers } = require('../native')
const { findLines } = require('./lines')
const { settled } = require('./mode')
const { CaptureSession } = require('./session')
const { withSlot } = require('./slot')

// Timelines have an inspector session of their own, so that it can be disabled alone.
const SESSION = 'timeline'
// Without a `resolutionMs` a sample is due a second after the last one, or after nine times as long as that took, whichever is later. So
// samples take at most a tenth of the event loop's time, however many objects there are.
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
    return await this._stop(ended(given), {
      collect: (recording) => recording.pause.run(() => this.#release(() => stopTracking((chunk) => recording.writeChunk(chunk)))),
      task: {
        idsOf: SESSION,
        work: (onChunk) => {
          this.#unwatch()
          findLines(SESSION)
          readTimeline(onChunk)
        }
      },
      release: () => this.#release(cancelTracking)
    })
  }

  async _dispose () {
    await this._discard(() => this.#release(cancelTracking))
  }

  #release (stop) {
    try {
      both(this.#unwatch, stop)
    } finally {
      this.#slot.release()
    }
  }
}

/**
 * Where ids of objects matter, V8 takes its snapshot in this thread to end the timeline, whoever reads it. Then a child would only be one
 * more, and what it numbers would be lost.
 */
function ended (given) {
  const wanted = options.stop('timeline', given)
  return settled(wanted.mode === 'auto' && shared.idsCount ? options.bare(wanted, { mode: 'inline' }) : wanted)
}

/** Calls both, even if the first one throws. */
function both (first, second) {
  try {
    first()
  } finally {
    second()
  }
}

/** The snapshot gives objects ids, and somebody may compare them with those of other captures. */
function stopTracking (onChunk) {
  shared.idsCount = true
  readTimeline(onChunk)
}

function readTimeline (onChunk) {
  inspector.collectSnapshot('HeapProfiler.stopTrackingHeapObjects', onChunk, SESSION)
}

/**
 * Stops without a snapshot. V8 has no command for that but to disable the session, and then it forgets the ids of all objects. Where those
 * matter, the snapshot is taken and dropped.
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
 * The inspector samples by a timer, which would keep the process alive and hold up its event loop most of the time. Before Node 22 that is one
 * timer; since then there is a new one for each sample, made right after V8 has reported the sample. Answers a function that ends this.
 */
function paceSamples (timers, resolutionMs, firstMs) {
  let every = pace(resolutionMs, firstMs)
  let isOver = false
  timers.paceNew(every)
  const unwatch = inspector.onTimelineSample(() => {
    const last = every
    // The timer was due when the turn began, or a little later.
    every = pace(resolutionMs, LoopTimers.turnMs())
    const since = new LoopTimers()
    time.after(0, () => {
      // What is new by then may be the next timeline's.
      if (!isOver && since.paceNew(every) === 0 && every !== last) timers.paceAgain(every)
    })
  })
  return () => {
    isOver = true
    unwatch()
  }
}

function startTimeline (given) {
  const { trackAllocations, resolutionMs } = options.start('timeline', given)
  return withSlot('timeline', (slot) => {
    // Before libuv is looked at, which not every runtime has.
    inspector.connect(SESSION)
    const timers = new LoopTimers()
    const began = time.now()
    inspector.postSync('HeapProfiler.startTrackingHeapObjects', { trackAllocations }, SESSION)
    let unwatch = () => {}
    try {
      // To start, V8 has walked the heap as for a sample.
      unwatch = paceSamples(timers, resolutionMs, time.now() - began)
      const session = new TimelineSession(slot, unwatch)
      slot.endBy((error) => session.end(error))
      return session
    } catch (error) {
      both(unwatch, cancelTracking)
      throw error
    }
  })
}

module.exports = { startTimeline }
