'use strict'

// One capture from its first byte to its artifact: opens the output before anything is paused, carries the bytes to the
// sink, watches for abort and time-out, publishes the events, and leaves nothing behind when it fails.

const { performance } = require('node:perf_hooks')
const { setImmediate } = require('node:timers/promises')
const { threadId } = require('node:worker_threads')
const { Writer, abandon, nextSequence } = require('../native')
const { HeapkitError, codes } = require('../errors')
const { publish } = require('../diagnostics')
const { Pause } = require('./pause')
const { tell } = require('../progress')

const PROGRESS_EVERY_BYTES = 4 * 1024 * 1024
const PROGRESS_EVERY_MS = 100
// How long a failed capture waits for its temporary file to be gone before it rejects.
const FAREWELL_MS = 1000

const LABELS = { cpu: 'CPU' }

let lastId = 0
let isExitWatched = false

class Recording {
  /**
   * `options` are { output, signal, timeoutMs, onProgress }; `start` is what announce() answered, where the capture began
   * before its recording.
   */
  constructor (kind, options, { stream = false, mode, estimatedRawBytes, start = announce(kind) } = {}) {
    this.kind = kind
    this.pause = new Pause()
    this.#options = options
    this.#mode = mode
    this.#estimatedRawBytes = estimatedRawBytes
    this.#start = start
    const { format, extension, ...output } = options.output
    const prefix = `${LABELS[kind] ?? 'Heap'}.${stamp(new Date())}.${process.pid}.${threadId}`
    // Files get their number when they are opened; a stream has only its name.
    if (stream) this.fileName = `${prefix}.${String(nextSequence()).padStart(3, '0')}.${extension}`
    this.#writer = new Writer({
      ...output,
      prefix,
      extension,
      stream,
      producerWaits: mode === 'fork',
      redact: options.redact,
      timeoutMs: options.timeoutMs
    })
    this.#interrupted = new Promise((_resolve, reject) => {
      this.#interrupt = (error) => {
        this.#interruption ??= error
        reject(error)
      }
    })
    // Whoever waits races against it; nobody may be waiting.
    this.#interrupted.catch(() => {})
  }

  #options
  #mode
  #estimatedRawBytes
  #start
  #writer
  #interrupted
  #interrupt
  #interruption
  #timer
  #progressed = 0
  #throttle = () => null

  /** Makes the output ready. Fails before the service is paused for anything. */
  async open () {
    abandonOnExit()
    const { signal, timeoutMs } = this.#options
    if (signal?.aborted) throw this.#fail(aborted(signal))
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => this.#interrupt(this.#timedOut(timeoutMs)), timeoutMs)
      this.#timer.unref()
    }
    await this.step(() => this.#writer.open())
  }

  /** For V8's chunks, which are ASCII: blocks while the queue is full. After a failure it does nothing. */
  writeChunk (chunk) {
    if (typeof chunk === 'string') this.#writer.writeAscii(chunk)
    else this.#writer.write(chunk)
    this.#progressed += chunk.length
    if (this.#progressed >= PROGRESS_EVERY_BYTES) {
      this.#progressed = 0
      this.#report('serializing')
    }
  }

  async writeText (text) {
    const bytes = this.pause.run(() => Buffer.from(text))
    await this.step(() => this.#writer.writeAll(bytes))
  }

  /** Where another producer than this thread puts the capture's bytes. */
  get writer () { return this.#writer }

  read () { return this.#writer.read() }

  /** `throttle()` answers how much whoever produces the bytes is held back: { share, heldBackMs }, or null. */
  heldBackBy (throttle) { this.#throttle = throttle }

  /** Completes the output and answers the artifact. */
  async finish () {
    // What an async onProgress has thrown meanwhile comes first.
    await null
    const written = await this.meanwhile('writing', () => this.step(() => this.#writer.finish()))
    const artifact = this.#artifact(written)
    this.#report('done')
    this.#release()
    publish('end', { ...this.#start.event, artifact })
    return artifact
  }

  /** Reports progress now and then while `work` goes on without this thread. */
  async meanwhile (phase, work) {
    const polling = this.#options.onProgress && setInterval(() => this.#report(phase), PROGRESS_EVERY_MS).unref()
    try {
      return await work()
    } finally {
      clearInterval(polling)
    }
  }

  /** Gives the capture up from outside: whoever waits for it gets `error`. */
  interrupt (error) {
    this.#interrupt(error)
  }

  /** Ends a capture that failed outside of a step (V8 refused, say) and answers the error to throw. */
  async abort (error) {
    this.#fail(error)
    await this.#discard(error)
    return error
  }

  // Closed over by the signal for as long as the capture lasts.
  #onAbort = () => this.#interrupt(aborted(this.#options.signal))

  /** Does `work`, unless the capture was interrupted before; an interruption meanwhile gives it up. */
  async step (work) {
    let result
    try {
      if (this.#interruption) throw this.#interruption
      const promise = work()
      promise.then((value) => { result = value }, () => {})
      return await Promise.race([promise, this.#interrupted])
    } catch (error) {
      await this.#discard(error)
      // It may have been complete before it could be given up: a file that is there is reported, not denied.
      await setImmediate()
      if (result?.sha256 !== undefined) return result
      throw this.#fail(error)
    }
  }

  #failed = false

  #fail (error) {
    if (!this.#failed) {
      this.#failed = true
      this.#release()
      publish('error', { ...this.#start.event, error })
    }
    return error
  }

  async #discard (error) {
    let timer
    const patience = new Promise((resolve) => { timer = setTimeout(resolve, FAREWELL_MS) })
    await Promise.race([this.#writer.abort(error.message), patience])
    clearTimeout(timer)
  }

  #timedOut (timeoutMs) {
    return new HeapkitError(codes.TIMEOUT,
      `The capture was not complete after ${timeoutMs} ms (\`timeoutMs\`); nothing was kept. ${this.#whatTakesTime()}`)
  }

  #whatTakesTime () {
    if (this.#mode !== 'fork') return 'Allow more time, or find out whether the disk is slow'
    const { rawBytes, queuedBytes } = this.#writer.progress()
    const stage = rawBytes + queuedBytes === 0
      ? 'The forked child was still at work on its copy of the heap and had written nothing'
      : `The forked child had written ${rawBytes + queuedBytes} bytes, of which ${queuedBytes} were waiting for the compressor`
    return `${stage}. Allow more time, give it more of a processor (\`maxCpu\`, a CPU quota, what else the machine does), or capture when the heap is smaller`
  }

  #release () {
    clearTimeout(this.#timer)
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
  }

  #report (phase) {
    if (this.#options.onProgress === undefined || this.#failed) return
    const { bytes, rawBytes: taken, queuedBytes } = this.#writer.progress()
    const rawBytes = taken + queuedBytes
    // What V8 has put out is known when it has put out everything.
    const estimate = this.#estimatedRawBytes !== undefined &&
      { estimatedRawBytes: phase === 'serializing' ? Math.max(this.#estimatedRawBytes, rawBytes) : rawBytes }
    const progress = { phase, rawBytes, ...estimate, bytes, elapsedMs: this.#elapsed(), ...(phase === 'serializing' && this.#heldBack()) }
    tell(this.#options.onProgress, progress, (cause) => {
      this.#interrupt(new HeapkitError(codes.ABORTED, `The capture was given up: onProgress threw: ${cause?.message ?? cause}`, { cause }))
    })
  }

  #elapsed () { return Math.round(performance.now() - this.#start.at) }

  /** For progress: only while there is something to say. */
  #heldBack () {
    const { share: cpuShare = 1, heldBackMs } = this.#throttle() ?? {}
    return cpuShare < 1 ? { cpuShare, heldBackMs } : undefined
  }

  #artifact ({ path, bytes, rawBytes, sha256, redacted }) {
    return {
      kind: this.kind,
      format: this.#options.output.format,
      path: path ?? null,
      bytes,
      rawBytes,
      compression: this.#options.output.compression,
      sha256,
      startedAt: this.#start.event.startedAt,
      durationMs: this.#elapsed(),
      pauseMs: this.pause.ms,
      ...(this.#mode === 'fork' ? { heldBackMs: this.#throttle()?.heldBackMs ?? 0 } : undefined),
      ...(this.#mode === undefined ? undefined : { mode: this.#mode }),
      ...(redacted === undefined ? undefined : { redacted: JSON.parse(redacted) }),
      pid: process.pid,
      threadId,
      nodeVersion: process.version
    }
  }
}

/** A process that exits in the middle of a capture leaves no temporary behind. */
function abandonOnExit () {
  if (isExitWatched) return
  isExitWatched = true
  process.on('exit', abandon)
}

/** Says that a capture begins; the answer goes to its Recording. */
function announce (kind) {
  const event = { id: ++lastId, kind, threadId, startedAt: new Date().toISOString() }
  publish('start', { ...event })
  return { event, at: performance.now() }
}

/** Says that what was announced was given up before its recording. */
function withdraw ({ event }) {
  const error = new HeapkitError(codes.ABORTED, 'The capture was given up: its session was disposed of without stop()')
  publish('error', { ...event, error })
}

/** 20261120.213000, in local time as Node's own diagnostic files have it. */
function stamp (date) {
  const two = (number) => String(number).padStart(2, '0')
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`
  return `${day}.${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`
}

function aborted (signal) {
  if (signal.reason instanceof HeapkitError) return signal.reason
  return new HeapkitError(codes.ABORTED, 'The capture was given up: its AbortSignal was aborted', { cause: signal.reason })
}

module.exports = { Recording, announce, withdraw, aborted }
