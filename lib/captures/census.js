'use strict'

// How large a heap is. src/fork/need.rs estimates from it how much memory a snapshot needs. V8 has its statistics at once; counting objects
// takes a walk over the heap, which a forked child does where memory may be short.

const v8 = require('node:v8')
const inspector = require('../inspector')

/** What V8 knows without a walk over the heap. */
function heapFacts () {
  const { used_heap_size: usedHeapBytes, external_memory: externalBytes = 0 } = v8.getHeapStatistics()
  return { usedHeapBytes, largeObjectBytes: largeObjectBytes(), externalBytes }
}

/** The size of arrays and strings that are so large that they have pages of their own. */
function largeObjectBytes () {
  const large = v8.getHeapSpaceStatistics().filter(({ space_name: name }) => name === 'large_object_space' || name === 'new_large_object_space')
  return large.reduce((sum, { space_used_size: bytes }) => sum + bytes, 0)
}

/**
 * Counts what a garbage collection leaves, and answers the line that src/fork/budget.rs waits for. Where objects must keep the ids that the
 * parent gave them, `idsOf` is the inspector session that it did so in.
 */
function count (idsOf) {
  const { usedHeapBytes: before } = heapFacts()
  let objects = 0
  try {
    objects = countObjects(idsOf)
  } catch {
    // Without the inspector the parent goes by the bytes.
  }
  const { usedHeapBytes, largeObjectBytes } = heapFacts()
  // Where objects had ids before, new ids are larger than the number of objects. No object is smaller than two words, so this is an upper bound.
  return `heapkit-count ${Math.min(objects, Math.floor(before / 16))} ${usedHeapBytes} ${largeObjectBytes}\n`
}

/** V8 gives objects the ids 1, 3, 5 … when it is asked to track them: the id of one that comes later tells how many there are. */
function countObjects (idsOf) {
  // A new session would be an object with an id of its own.
  const post = (method, params = {}) => inspector.postSync(method, params, idsOf ?? 'census')
  const track = () => post('HeapProfiler.startTrackingHeapObjects', { trackAllocations: false })
  // V8 forgets its ids: before the count, so that they begin with 1, and after it, because the table of them takes memory.
  const forget = () => idsOf ?? post('HeapProfiler.disable')
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
