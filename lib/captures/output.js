'use strict'

// Where a capture's bytes go: the name of its file, its writer, and what happens to both when it is given up.

const { textOf } = require('../errors')
const { Writer, abandonOnExit, nextSequence } = require('../native')
const { deferred, race } = require('../promises')
const time = require('../time')
const { OWN } = require('./subject')

// How long a capture that is given up waits for its temporary file to be gone. If it is still there, the sink's thread removes it later.
const FAREWELL_MS = 250

const LABELS = { cpu: 'CPU' }

/** The artifacts that a warning has named. */
const named = new Set()

class Output {
  /** What the bytes of a stream would be called as a file. */
  fileName = undefined

  #writer
  #discarded

  /** `options` are { output, redact, convert, timeoutMs, subject }; `producerWaits` says that another thread or process makes the bytes, and can be kept waiting. */
  constructor (kind, { output: { format, extension, ...output }, redact, convert, timeoutMs, subject: { pid, threadId } = OWN }, { stream, producerWaits }) {
    const prefix = `${LABELS[kind] ?? 'Heap'}.${stamp(time.date())}.${pid}.${threadId}`
    // Files get their number when they are opened; a stream has only its name.
    if (stream) this.fileName = `${prefix}.${String(nextSequence()).padStart(3, '0')}.${extension}`
    this.#writer = new Writer({ ...output, prefix, extension, stream, producerWaits, redact, convert, timeoutMs })
  }

  /** For a producer of bytes other than this thread. */
  get writer () { return this.#writer }

  open () {
    abandonOnExit()
    return this.#writer.open()
  }

  /** For V8's chunks, which are ASCII: blocks while the queue is full. After a failure it does nothing. */
  writeChunk (chunk) {
    if (typeof chunk === 'string') this.#writer.writeAscii(chunk)
    else this.#writer.write(chunk)
  }

  writeAll (bytes) { return this.#writer.writeAll(bytes) }

  async finish () {
    const written = await this.#writer.finish()
    warnOf(written.notRemoved)
    return written
  }

  read () { return this.#writer.read() }
  progress () { return this.#writer.progress() }

  /** Gives it up, and waits a moment for what is on the disk to be gone. */
  discard (error) {
    this.#discarded ??= this.#discard(textOf(error))
    return this.#discarded
  }

  async #discard (reason) {
    let alarm
    try {
      const patience = deferred()
      alarm = time.after(FAREWELL_MS, patience.resolve)
      await race(this.#writer.abort(reason), patience.promise)
    } catch {
      // Why the capture is given up is what its caller has to know.
    } finally {
      alarm?.cancel()
    }
  }

  /** Nobody will read any more. Frees what is left, which for a stream may be gigabytes on the disk. */
  close () { this.#writer.close() }
}

/** Warns of artifacts that a quota cannot remove, once in a thread: otherwise nobody would learn why a directory grows. */
function warnOf (notRemoved) {
  const unnamed = notRemoved.filter((text) => !named.has(text))
  if (unnamed.length === 0) return
  for (const text of unnamed) named.add(text)
  try {
    process.emitWarning(`Artifacts beyond the limits of their directory cannot be removed: ${unnamed.join(', ')}. ` +
      'They are passed over (`maxFiles`, `maxBytes`, `maxAgeMs`, `minFreeBytes`); remove them, or choose another `dir`', { type: 'HeapkitWarning', code: 'HEAPKIT_WARN_NOT_REMOVED' })
  } catch {
    // The capture is complete; a service that has replaced emitWarning() hears nothing.
  }
}

/** 20261120.213000, in local time as Node's own diagnostic files have it. */
function stamp (date) {
  const two = (number) => String(number).padStart(2, '0')
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`
  return `${day}.${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`
}

module.exports = { Output }
