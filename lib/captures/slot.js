'use strict'

// The rule for heavy captures: one heap snapshot or allocation timeline at a time in the whole process, worker threads
// included, because each may need several times the heap's memory. A second one is refused, not queued.

const { threadId } = require('node:worker_threads')
const native = require('../native')
const { deferred } = require('../promises')
const shared = require('../shared')
const time = require('../time')
const { HeapkitError, codes } = require('../errors')

if (disabledBy(process.env)) native.disableSnapshots()

function disabledBy (env) {
  return !['', '0', 'false', undefined].includes(env.HEAPKIT_DISABLE_SNAPSHOTS)
}

/** The place of one capture, from before its first step until after its last. */
class Slot {
  #native = new native.SnapshotSlot()
  #end
  #released = deferred()

  constructor (kind) {
    this.holder = { kind, threadId, sinceMs: time.wallClockMs() }
    const holder = this.#native.acquire(kind, threadId, this.holder.sinceMs) ?? shared.held?.holder
    if (holder) {
      // Where copies of heapkit have a slot each, another copy in this thread may hold its own, while this one's was free.
      this.#native.release()
      throw new HeapkitError(codes.BUSY,
        `A ${holder.kind} is under way in thread ${holder.threadId} since ${time.date(holder.sinceMs).toISOString()}; ` +
        'there is one at a time in a process, because each may need several times the heap in memory. Try again when it is over')
    }
    shared.held = this
  }

  /** `end(error)` gives the capture up for somebody who did not start it. */
  endBy (end) { this.#end = end }

  /** Gives the capture up. Resolves when the slot is free again. */
  end (error) {
    this.#end(error)
    return this.#released.promise
  }

  /** May be called more than once. */
  release () {
    if (shared.held === this) shared.held = null
    this.#native.release()
    this.#released.resolve()
  }
}

/** Takes the slot, and answers what `prepare(slot)` does, which owns it from then on. If that throws, the slot is free again. */
function withSlot (kind, prepare) {
  if (disabledBy(process.env)) native.disableSnapshots()
  if (native.snapshotsDisabled()) {
    throw new HeapkitError(codes.DISABLED,
      'Heap snapshots and allocation timelines are disabled in this process (HEAPKIT_DISABLE_SNAPSHOTS), ' +
      'and only a restart without that variable enables them')
  }
  const slot = new Slot(kind)
  try {
    return prepare(slot)
  } catch (error) {
    slot.release()
    throw error
  }
}

/** Who has the slot: { kind, threadId, sinceMs, ageMs }, or null. */
function slotHolder () {
  return native.SnapshotSlot.holder() ?? null
}

/** Gives up the capture of this thread that has the slot. Resolves when it is free again; undefined where there is none. */
function endHeld (error) {
  return shared.held?.end(error)
}

module.exports = { withSlot, slotHolder, endHeld }
