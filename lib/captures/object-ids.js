'use strict'

// Object ids that stay comparable between forked snapshots. V8 numbers an object when a snapshot first meets it, and what a
// child numbers is lost with the child. So this process numbers its objects itself, just before it forks.

const inspector = require('../inspector')
const shared = require('../shared')
const { LoopTimers } = require('../native')

/**
 * Numbers every object of this thread's heap that has no number yet: a full garbage collection and a walk over the heap. From
 * the first time on, V8 keeps a table of all numbered objects, and follows them when they move.
 */
function numberObjects () {
  shared.idsCount = true
  const timers = new LoopTimers()
  inspector.postSync('HeapProfiler.startTrackingHeapObjects', { trackAllocations: false }, 'object-ids')
  // V8 would number again 20 times a second from now on, to tell this session about it.
  timers.stopNew()
}

module.exports = { numberObjects }
