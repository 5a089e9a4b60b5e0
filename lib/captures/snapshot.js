'use strict'

// Heap snapshots. Inline: V8 takes them in this process, and the event loop waits meanwhile. Forked: V8 takes them in a
// twin of this process, and the event loop goes on.

const { Readable } = require('node:stream')
const v8 = require('node:v8')
const { readOut } = require('./read-out')
const options = require('../options')
const { HeapkitError, codes } = require('../errors')
const { deferred, settle, race } = require('../promises')
const { runtime } = require('../runtime')
const shared = require('../shared')
const time = require('../time')
const { Recording } = require('./recording')
const { withSlot } = require('./slot')
const { runForked } = require('./forked')
const { settled } = require('./mode')
const { numberObjects } = require('./object-ids')
const { findLines } = require('./lines')

// 1.65 to 1.97 were measured for heaps of services (bench/pause.js).
const RAW_BYTES_PER_HEAP_BYTE = 1.8
const KEEP_ALIVE_MS = 50

async function takeSnapshot (given) {
  return await begin(settled(options.snapshot(given))).finished
}

/** Takes the slot and begins. Answers { recording, finished }, where `finished` is the promise of the artifact. */
function begin (wanted, stream) {
  return withSlot('snapshot', (slot) => {
    const estimatedRawBytes = Math.round(v8.getHeapStatistics().used_heap_size * RAW_BYTES_PER_HEAP_BYTE)
    const recording = new Recording('snapshot', wanted, { mode: wanted.mode, stream, estimatedRawBytes })
    slot.endBy((error) => recording.interrupt(error))
    return { recording, finished: captureSnapshot(wanted, slot, recording) }
  })
}

/** The whole capture. It owns the slot, and releases it whatever happens. */
async function captureSnapshot (wanted, slot, recording) {
  try {
    await recording.open()
    if (wanted.mode === 'fork') {
      const idsOf = wanted.stableIds ? 'object-ids' : undefined
      await runForked(recording, wanted, {
        beforeFork: wanted.stableIds ? numberObjects : undefined,
        idsOf,
        memory: () => ({ hasNumbers: wanted.exposeNumericValues }),
        work (onChunk) {
          findLines(idsOf)
          snapshotByV8(wanted, onChunk)
        }
      })
    } else {
      // The snapshot gives objects ids, and somebody may compare them with those of other captures.
      shared.idsCount = true
      recording.pause.run(() => snapshotByV8(wanted, (chunk) => recording.writeChunk(chunk)))
    }
  } catch (error) {
    throw await recording.abort(error)
  } finally {
    slot.release()
  }
  return await recording.finish()
}

/**
 * Takes a snapshot and calls `onChunk` with each 64 KB of it before it returns. V8 cannot be interrupted: of a capture that
 * was given up meanwhile the rest is dropped, and finish() tells why.
 *
 * Node's stream would collect the whole snapshot, because V8 puts it out in one go: readOut() takes it from below.
 * The inspector gives the same text as JSON in JSON, which costs this thread a fifth more (bench/snapshot.js).
 */
function snapshotByV8 ({ exposeInternals, exposeNumericValues }, onChunk) {
  const stream = v8.getHeapSnapshot({ exposeInternals, exposeNumericValues })
  try {
    if (!readOut(stream, onChunk)) throw new HeapkitError(codes.INTERNAL, `A bug in heapkit, please report it: ${runtime.label} does not deliver a snapshot at once`)
  } finally {
    // Frees V8's own copy of the heap's graph.
    stream.destroy()
  }
}

/**
 * A snapshot as a Readable of compressed bytes. What is not read at once waits in memory (4 MiB). Beyond that a forked child waits for
 * the reader; inline, V8 serializes on the reader's own thread, so the rest goes to a temporary file in `dir`.
 */
function createSnapshotStream (given) {
  return new SnapshotStream(settled(options.snapshot(given, { stream: true })))
}

class SnapshotStream extends Readable {
  /** The artifact, with `path: null`; there when the stream has ended. */
  artifact = undefined
  /** What the bytes would be called as a file, for uploads. */
  fileName = undefined

  #recording
  #finished

  constructor (wanted) {
    // One read at a time: what is not read stays in the sink's own bounded pipe.
    super({ highWaterMark: 1 })
    const { recording, finished } = begin(wanted, true)
    settle(finished, () => {}, (error) => this.destroy(error))
    this.#recording = recording
    this.#finished = finished
    this.fileName = recording.fileName
  }

  _read () {
    settle(this.#next(), (bytes) => this.push(bytes), (error) => this.destroy(error))
  }

  async #next () {
    let bytes
    try {
      bytes = await this.#recording.read()
    } catch (error) {
      // The capture knows better why its stream was closed.
      await awaited(this.#finished)
      throw error
    }
    if (bytes === null) this.artifact = await awaited(this.#finished)
    return bytes
  }

  _destroy (error, callback) {
    // Anything can be given to destroy().
    this.#recording.interrupt(isError(error)
      ? error
      : new HeapkitError(codes.ABORTED, 'The capture was given up: its stream was destroyed before the end', { cause: error ?? undefined }))
    // 'close' comes when the capture is over; its thread frees the space on the disk.
    const over = () => {
      this.#recording.close()
      callback(error)
    }
    settle(awaited(this.#finished), over, over)
  }
}

function isError (value) {
  try {
    return value instanceof Error
  } catch {
    // A proxy that throws when it is asked.
    return false
  }
}

/** What `promise` becomes. The promises of streams do not keep the process alive; this wait does, because it is about to end. */
async function awaited (promise) {
  const settled = deferred()
  const onSettled = () => settled.resolve(true)
  settle(promise, onSettled, onSettled)
  let isSettled = false
  try {
    while (!isSettled) isSettled = Boolean(await race(settled.promise, time.delay(KEEP_ALIVE_MS)))
  } catch {
    // No thread could be started for the delay. Then something else has to keep the process alive.
  }
  return await promise
}

module.exports = { takeSnapshot, createSnapshotStream }
