'use strict'

// Heap snapshots, inline: V8 takes them in this process, and the event loop waits meanwhile. The forked mode has its
// place in `captureSnapshot`.

const { Readable } = require('node:stream')
const inspector = require('../inspector')
const options = require('../options')
const { HeapkitError, codes } = require('../errors')
const { Recording } = require('./recording')
const { acquireSlot } = require('./slot')

async function takeSnapshot (given) {
  const wanted = supported(options.snapshot(given))
  const slot = acquireSlot('snapshot')
  return captureSnapshot(wanted, slot, new Recording('snapshot', wanted, { mode: 'inline' }))
}

/** 'auto' will mean a forked twin where that is possible; nothing ever falls back from 'fork' to 'inline' unasked. */
function supported (wanted) {
  if (wanted.mode === 'fork') {
    throw new HeapkitError(codes.UNSUPPORTED,
      "mode 'fork' is not available in this version of heapkit; mode 'inline' stops this thread while V8 takes the snapshot")
  }
  return wanted
}

/** From an open output to the artifact. The slot is released when V8 is done with the snapshot. */
async function captureSnapshot ({ exposeInternals, exposeNumericValues }, slot, recording) {
  try {
    await recording.open()
    // Never `reportProgress`: V8 would run this process's JavaScript in the middle of its walk over the heap, and crash.
    await snapshotByV8(recording, 'HeapProfiler.takeHeapSnapshot', {
      reportProgress: false,
      exposeInternals,
      captureNumericValue: exposeNumericValues
    })
  } catch (error) {
    throw await recording.abort(error)
  } finally {
    slot.release()
  }
  return recording.finish()
}

/**
 * Runs a command that emits a snapshot, and resolves when V8 is done. V8 cannot be interrupted: a capture that is given up
 * meanwhile drops the rest, and finish() tells why.
 */
function snapshotByV8 (recording, method, params) {
  return new Promise((resolve, reject) => {
    let failure
    // Node 20 does the work inside post(), later versions in a task of the event loop.
    const pause = recording.pause.untilEnd()
    let off
    const ended = (error) => {
      pause.ended()
      off?.()
      if (error ?? failure) reject(error ?? failure)
      else resolve()
    }
    try {
      off = inspector.onSnapshotChunk((chunk) => {
        pause.begun()
        try {
          recording.writeAscii(chunk)
        } catch (error) {
          failure ??= error
        }
      })
      inspector.post(method, params, ended)
    } catch (error) {
      ended(error)
    }
  })
}

/**
 * A snapshot as a Readable of compressed bytes. V8 serializes it on the reader's own thread, so what is not read at once
 * waits in memory (4 MiB) and then in an unlinked temporary file in `dir`.
 */
function createSnapshotStream (given) {
  return new SnapshotStream(supported(options.snapshot(given, { stream: true })))
}

class SnapshotStream extends Readable {
  /** The artifact, with `path: null`; there when the stream has ended. */
  artifact = undefined
  /** How the bytes would be called as a file: for an upload. */
  fileName = undefined

  #recording
  #finished

  constructor (wanted) {
    // One read at a time: what is not read stays in the sink's own bounded pipe.
    super({ highWaterMark: 1 })
    const slot = acquireSlot('snapshot')
    this.#recording = new Recording('snapshot', wanted, { mode: 'inline', stream: true })
    this.fileName = this.#recording.fileName
    this.#finished = captureSnapshot(wanted, slot, this.#recording)
    this.#finished.catch((error) => this.destroy(error))
  }

  _read () {
    this.#next().then((bytes) => this.push(bytes), (error) => this.destroy(error))
  }

  async #next () {
    let bytes
    try {
      bytes = await this.#recording.read()
    } catch (error) {
      // The capture knows better why its stream was closed.
      await this.#finished
      throw error
    }
    if (bytes === null) this.artifact = await this.#finished
    return bytes
  }

  _destroy (error, callback) {
    this.#recording.interrupt(error ??
      new HeapkitError(codes.ABORTED, 'The capture was given up: its stream was destroyed before the end'))
    // 'close' comes when nothing of the capture is left.
    this.#finished.then(() => {}, () => {}).then(() => callback(error))
  }
}

module.exports = { takeSnapshot, createSnapshotStream, snapshotByV8 }
