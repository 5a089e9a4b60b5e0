'use strict'

// The rule for heavy captures: one heap snapshot or allocation timeline at a time in the whole process, worker threads
// included, because each may need several times the heap's memory. A second one is refused, not queued.

const { threadId } = require('node:worker_threads')
const native = require('../native')
const { HeapkitError, codes } = require('../errors')

if (disabledBy(process.env)) native.disableSnapshots()

function disabledBy (env) {
  return !['', '0', 'false', undefined].includes(env.HEAPKIT_DISABLE_SNAPSHOTS)
}

/** Takes the slot until `release()` is called on what is returned. */
function acquireSlot (kind) {
  if (disabledBy(process.env)) native.disableSnapshots()
  if (native.snapshotsDisabled()) {
    throw new HeapkitError(codes.DISABLED,
      'Heap snapshots and allocation timelines are disabled in this process (HEAPKIT_DISABLE_SNAPSHOTS), ' +
      'and only a restart without that variable enables them')
  }
  const slot = new native.SnapshotSlot()
  const holder = slot.acquire({ kind, threadId, sinceMs: Date.now() })
  if (holder) {
    throw new HeapkitError(codes.BUSY,
      `A ${holder.kind} is under way in thread ${holder.threadId} since ${new Date(holder.sinceMs).toISOString()}; ` +
      'there is one at a time in a process, because each may need several times the heap in memory. Try again when it is over')
  }
  return slot
}

/** Who has the slot: { kind, threadId, sinceMs }, or null. */
function slotHolder () {
  return native.SnapshotSlot.holder() ?? null
}

module.exports = { acquireSlot, slotHolder }
