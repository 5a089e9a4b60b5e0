'use strict'

// What all sessions have in common: a thread has one of a kind, it is stopped once, and neither a wrong option nor a full disk loses what it
// has collected.

const { HeapkitError, codes } = require('../errors')
const { deferred, handled, settle } = require('../promises')
const shared = require('../shared')
const { converted } = require('./conversion')
const { announce, withdraw } = require('./events')
const { runForked } = require('./forked')
const { Recording } = require('./recording')
const { bytesOf } = require('./bytes')

class CaptureSession {
  #kind
  #about
  #state = 'running'
  #kept
  #start
  /** While it is being stopped. */
  #recording
  /** It was given up by end(). */
  #isEnded = false
  /** Settles when the last child that was asked for is gone. */
  #lastInTurn

  /** `about` has what formats other than V8's own say of it: { sampleInterval, value? }. */
  constructor (kind, about) {
    this.#kind = kind
    this.#about = about
    this.#start = announce(kind)
    Object.defineProperty(this, 'startedAt', { value: this.#start.date, enumerable: true })
    shared.sessions.set(kind, { session: this, isRunning: () => this.#state !== 'collected' })
  }

  /** Throws if a session of this kind is running in this thread. */
  static mustBeFree (kind, advice) {
    const running = shared.sessions.get(kind)
    if (running?.isRunning()) {
      throw new HeapkitError(codes.BUSY,
        `A ${kind} session is running in this thread since ${running.session.startedAt.toISOString()}; ${advice}`)
    }
  }

  /** Answers what `begin()` makes when V8 has started. If that throws, `stop()` stops V8 again. */
  static begun (begin, stop) {
    try {
      return begin()
    } catch (error) {
      stop()
      throw error
    }
  }

  /**
   * Stops, after it has opened the output; if that fails the session goes on. What is done then `ways` says:
   * - prepare(recording), where there is one, is waited for first, and does not fail;
   * - collect(recording) makes V8 stop and answers the text to write, if it has not written by itself. When writing fails, the text is kept,
   *   and stop() may be called again;
   * - in a forked child, `task` (see runForked) reads what there is, and release() makes V8 stop here once that is written. Until then the
   *   session goes on, whatever fails.
   */
  async _stop (options, ways) {
    this.#mustBe('running', 'collected')
    const before = this.#state
    const isForked = options.mode === 'fork' && this.#kept === undefined
    this.#state = 'stopping'
    let recording
    try {
      const mode = isForked ? 'fork' : options.mode && 'inline'
      recording = this.#recording = new Recording(this.#kind, this.#converted(options), { start: this.#start, mode, stream: options.stream })
      await recording.open()
    } catch (error) {
      this.#recording = undefined
      await this.#goesOn(before)
      throw error
    }
    const chunks = options.stream && bytesOf(recording)
    try {
      const artifact = await (isForked ? this.#stopForked(recording, options, ways) : this.#stopHere(recording, ways))
      return options.stream ? { artifact, chunks: await chunks } : artifact
    } finally {
      this.#recording = undefined
    }
  }

  async #stopHere (recording, { prepare, collect }) {
    try {
      if (this.#kept === undefined) await prepare?.(recording)
      const text = this.#kept ?? await collect(recording)
      this.#kept = text
      if (text !== undefined) await recording.writeText(text)
      const artifact = await recording.finish()
      this.#over()
      return artifact
    } catch (error) {
      if (this.#kept === undefined || this.#isEnded) this.#over()
      else this.#state = 'collected'
      throw await recording.abort(error)
    }
  }

  async #stopForked (recording, options, { prepare, task, release }) {
    try {
      await prepare?.(recording)
      await this.#inTurn(recording, () => runForked(recording, options, task))
      return await recording.finish(() => {
        this.#over()
        release()
      })
    } catch (error) {
      await recording.abort(error)
      if (this.#state === 'stopping') await this.#goesOn('running')
      throw error
    }
  }

  /** It was not stopped after all, unless somebody wants its end. */
  async #goesOn (state) {
    this.#state = state
    if (this.#isEnded) await this._dispose()
  }

  /** Gives it up for somebody who did not start it, such as an operator. */
  end (error) {
    this.#isEnded = true
    if (this.#recording) this.#recording.interrupt(error)
    else handled(this._dispose())
  }

  /** Reads without stopping: `collect(recording)` answers the text, or a forked child does `task`. */
  async _capture (options, { prepare, collect, task }) {
    const mustBegin = () => {
      this.#mustBe('running')
      task?.mustBegin?.()
    }
    mustBegin()
    const recording = new Recording(this.#kind, this.#converted(options), { mode: options.mode, stream: options.stream, start: options.start })
    await recording.open()
    const chunks = options.stream && bytesOf(recording)
    try {
      await prepare?.(recording)
      if (options.mode === 'fork') {
        await this.#inTurn(recording, () => runForked(recording, options, { ...task, mustBegin }))
      } else {
        mustBegin()
        await recording.writeText(collect(recording))
      }
    } catch (error) {
      throw await recording.abort(error)
    }
    const artifact = await recording.finish()
    return options.stream ? { artifact, chunks: await chunks } : artifact
  }

  #converted (options) {
    return converted(this.#kind, options, { ...this.#about, start: this.#start })
  }

  /** What its values are, in the words of pprof; undefined where V8's format says it. */
  get _value () { return this.#about?.value }

  /** One child at a time: each may need as much memory as the heap has. */
  async #inTurn (recording, work) {
    const [before, over] = [this.#lastInTurn, deferred()]
    this.#lastInTurn = over.promise
    try {
      await recording.step(() => before)
      return await work()
    } finally {
      settle(before, over.resolve, over.resolve)
    }
  }

  /** Stops without an artifact. It is over even if `release()` throws. */
  async _discard (release) {
    if (this.#state !== 'running' && this.#state !== 'collected') return
    try {
      if (this.#state === 'running') release()
    } finally {
      this.#over()
      withdraw(this.#start)
    }
  }

  #mustBe (...states) {
    if (!states.includes(this.#state)) {
      throw new HeapkitError(codes.NOT_ACTIVE,
        `This ${this.#kind} session ${this.#state === 'stopping' ? 'is being' : 'has been'} stopped; start another one`)
    }
  }

  #over () {
    this.#state = 'stopped'
    this.#kept = undefined
    if (shared.sessions.get(this.#kind)?.session === this) shared.sessions.delete(this.#kind)
  }
}

// Node 20.0 has no such symbol.
if (Symbol.asyncDispose) CaptureSession.prototype[Symbol.asyncDispose] = async function () { await this._dispose() }

/** The running session of a kind in this thread. */
function activeSession (kind) {
  return shared.sessions.get(kind)?.session
}

module.exports = { CaptureSession, activeSession }
