'use strict'

// How large a heap is, for the estimate of what a snapshot of it needs (src/fork/need.rs): what V8's statistics tell at once, in this
// process, and how many objects there are, which only a walk over the heap tells: in a forked child, where memory may be short.

const v8 = require('node:v8')
const inspector = require('../inspector')

/** What V8 knows without looking. */
function heapFacts () {
  const { used_heap_size: usedHeapBytes, external_memory: externalBytes = 0 } = v8.getHeapStatistics()
  return { usedHeapBytes, largeObjectBytes: largeObjectBytes(), externalBytes }
}

/** Arrays and strings that have pages of their own. */
function largeObjectBytes () {
  const large = v8.getHeapSpaceStatistics().filter(({ space_name: name }) => name === 'large_object_space' || name === 'new_large_object_space')
  return large.reduce((sum, { space_used_size: bytes }) => sum + bytes, 0)
}

/**
 * What is left after a garbage collection, as the line that src/fork/budget.rs waits for. `keepIds`: what the parent has numbered
 * keeps its numbers.
 */
function count (keepIds) {
  const { usedHeapBytes: before } = heapFacts()
  let objects = 0
  try {
    objects = countObjects(keepIds)
  } catch {
    // Without the inspector the parent goes by the bytes.
  }
  const { usedHeapBytes, largeObjectBytes } = heapFacts()
  // A number cannot be larger than if all objects were of two words: ids go on growing where objects were numbered before.
  return `heapkit-count ${Math.min(objects, Math.floor(before / 16))} ${usedHeapBytes} ${largeObjectBytes}\n`
}

/** V8 gives objects the ids 1, 3, 5 … when it is asked to track them: the id of one that comes later tells how many there are. */
function countObjects (keepIds) {
  // Where ids count, a session that the parent has, too: a new one would be an object with an id of its own.
  const session = keepIds ? 'object-ids' : 'census'
  const post = (method, params = {}) => inspector.postSync(method, params, session)
  const track = () => post('HeapProfiler.startTrackingHeapObjects', { trackAllocations: false })
  // Forgets the ids of earlier captures, so that they begin with 1; and later its own table of them, which is memory.
  const forget = () => keepIds || post('HeapProfiler.disable')
  forget()
  track()
  const { result: { objectId } } = post('Runtime.evaluate', { expression: '({})' })
  track()
  const { heapSnapshotObjectId: id } = post('HeapProfiler.getHeapObjectId', { objectId })
  post('Runtime.releaseObject', { objectId })
  forget()
  return Math.floor(Number(id) / 2)
}

module.exports = { heapFacts, count }
