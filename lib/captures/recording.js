'use strict'

// One capture from its first byte to its artifact: opens the output before anything is paused, takes one step after the other unless it is
// interrupted, and leaves nothing behind when it fails.

const { HeapkitError, codes, textOf } = require('../errors')
const { settle } = require('../promises')
const time = require('../time')
const { announce, ended, failed } = require('./events')
const { Interruption } = require('./interruption')
const { Output } = require('./output')
const { Pause } = require('./pause')
const { Reports } = require('./reports')
const { OWN } = require('./subject')

class Recording {
  #options
  #mode
  #estimatedRawBytes
  #start
  #output
  #interruption
  #reports
  #isOver = false
  #throttle = () => null

  /**
   * `options` are { output, signal, timeoutMs, onProgress, redact, convert, subject, facts }, of which the last are the artifact's own; `start` is what announce() answered for a
   * capture that began before its recording.
   */
  constructor (kind, options, { stream = false, mode, estimatedRawBytes, start = announce(kind) } = {}) {
    this.kind = kind
    this.pause = new Pause()
    this.#options = options
    this.#mode = mode
    this.#estimatedRawBytes = estimatedRawBytes
    this.#start = start
    this.#output = new Output(kind, options, { stream, producerWaits: mode === 'fork' })
    this.#interruption = new Interruption(options, (timeoutMs) => this.#timedOut(timeoutMs))
    this.#reports = new Reports(options.onProgress, (phase) => this.#progress(phase), (cause) => {
      this.interrupt(new HeapkitError(codes.ABORTED, `The capture was given up: onProgress threw: ${textOf(cause)}`, { cause }))
    })
  }

  /** What the bytes of a stream would be called as a file. */
  get fileName () { return this.#output.fileName }

  /** For a producer of bytes other than this thread. */
  get writer () { return this.#output.writer }

  /** Makes the output ready. Fails before the service is paused for anything. */
  async open () {
    try {
      this.#interruption.watch()
    } catch (error) {
      throw this.#fail(error)
    }
    await this.step(() => this.#output.open())
    const { error } = this.#interruption
    if (error) throw await this.abort(error)
  }

  /** For V8's chunks, which are ASCII: blocks while the queue is full. After a failure it does nothing. */
  writeChunk (chunk) {
    this.#output.writeChunk(chunk)
    this.#reports.count(chunk.length)
  }

  async writeText (text) {
    await this.write(this.pause.run(() => Buffer.from(text)))
  }

  async write (bytes) { await this.step(() => this.#output.writeAll(bytes)) }

  read () { return this.#output.read() }

  /** `throttle()` answers how much the producer of the bytes is held back: { share, heldBackMs }, or null. */
  heldBackBy (throttle) { this.#throttle = throttle }

  /** Reports progress now and then while `work` goes on without this thread. */
  meanwhile (phase, work) { return this.#reports.meanwhile(phase, work) }

  /** Gives the capture up from outside: whoever waits for it gets `error`. */
  interrupt (error) { this.#interruption.interrupt(error) }

  /** Does `work`, unless the capture was interrupted before; an interruption meanwhile gives it up. */
  async step (work) {
    let result
    try {
      this.#interruption.throwIfInterrupted()
      const promise = work()
      settle(promise, (value) => { result = value }, () => {})
      return await this.#interruption.race(promise)
    } catch (error) {
      await this.#output.discard(error)
      // It may have become complete before it could be given up. Then the file is there, and is reported.
      await time.delay(0)
      if (result?.sha256 !== undefined) return result
      throw this.#fail(error)
    }
  }

  /** Completes the output and answers the artifact. `onWritten()` is what remains to be done once nothing can fail any more. */
  async finish (onWritten = () => {}) {
    // An async onProgress may have thrown meanwhile, which comes first.
    await null
    const written = await this.meanwhile('writing', () => this.step(() => this.#output.finish()))
    this.pause.run(onWritten)
    const artifact = this.#artifact(written)
    this.#reports.say('done')
    this.#isOver = true
    this.#interruption.unwatch()
    ended(this.#start, artifact)
    return artifact
  }

  /** Ends a capture that failed outside of a step (V8 refused, say) and answers the error to throw. */
  async abort (error) {
    this.#fail(error)
    await this.#output.discard(error)
    return error
  }

  /** Nothing more will be asked of it. */
  close () { this.#output.close() }

  #fail (error) {
    if (!this.#isOver) {
      this.#isOver = true
      this.#reports.stop()
      this.#interruption.unwatch()
      failed(this.#start, error)
    }
    return error
  }

  #timedOut (timeoutMs) {
    return new HeapkitError(codes.TIMEOUT,
      `The capture was not complete after ${timeoutMs} ms (\`timeoutMs\`); nothing was kept. ${this.#whatTakesTime()}`)
  }

  #whatTakesTime () {
    if (this.#mode !== 'fork') return 'Allow more time, or find out whether the disk is slow'
    const { rawBytes, queuedBytes } = this.#output.progress()
    const stage = rawBytes + queuedBytes === 0
      ? 'The forked child was still at work on its copy of the heap and had written nothing'
      : `The forked child had written ${rawBytes + queuedBytes} bytes, of which ${queuedBytes} were waiting for the compressor`
    return `${stage}. Allow more time, give it more of a processor (\`maxCpu\`, a CPU quota, what else the machine does), or capture when the heap is smaller`
  }

  #progress (phase) {
    const { bytes, rawBytes: taken, queuedBytes } = this.#output.progress()
    const rawBytes = taken + queuedBytes
    // The size is known once V8 has put out everything.
    const estimate = this.#estimatedRawBytes !== undefined &&
      { estimatedRawBytes: phase === 'serializing' ? Math.max(this.#estimatedRawBytes, rawBytes) : rawBytes }
    return { phase, rawBytes, ...estimate, bytes, elapsedMs: this.#elapsed(), ...(phase === 'serializing' && this.#heldBack()) }
  }

  #elapsed () { return Math.round(time.now() - this.#start.at) }

  /** For progress: only while there is something to say. */
  #heldBack () {
    const { share: cpuShare = 1, heldBackMs } = this.#throttle() ?? {}
    return cpuShare < 1 ? { cpuShare, heldBackMs } : undefined
  }

  #artifact ({ path, bytes, rawBytes, sha256, report }) {
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
      ...(report === undefined ? undefined : { [this.#options.redact ? 'redacted' : 'sourceMaps']: JSON.parse(report) }),
      ...this.#options.facts,
      ...(this.#options.subject ?? OWN)
    }
  }
}

module.exports = { Recording }
