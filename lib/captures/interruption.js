'use strict'

// Why a capture is given up before its end: its AbortSignal, its time limit, or whoever calls interrupt(). The first reason stays.

const { HeapkitError, codes } = require('../errors')
const time = require('../time')

class Interruption {
  /** Why, once there is a reason. */
  error = undefined

  #options
  #timedOut
  #alarm
  #reject
  #happened = new Promise((_resolve, reject) => { this.#reject = reject })

  /** `options` are { signal, timeoutMs }; `timedOut(timeoutMs)` answers the error of a time limit. */
  constructor (options, timedOut) {
    this.#options = options
    this.#timedOut = timedOut
    // Whoever waits races against it; nobody may be waiting.
    this.#happened.catch(() => {})
  }

  /** From now on signal and limit count. Throws where the signal was aborted before. */
  watch () {
    const { signal, timeoutMs } = this.#options
    if (signal?.aborted) throw aborted(signal)
    signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (timeoutMs !== undefined) this.#alarm = time.after(timeoutMs, () => this.interrupt(this.#timedOut(timeoutMs)))
  }

  /** The capture is over. */
  unwatch () {
    this.#alarm?.cancel()
    try {
      this.#options.signal?.removeEventListener('abort', this.#onAbort)
    } catch {
      // A signal of somebody's own making; all that it can still do is interrupt what is over.
    }
  }

  interrupt (error) {
    this.error ??= error
    this.#reject(error)
  }

  throwIfInterrupted () {
    if (this.error) throw this.error
  }

  /** What `promise` becomes, unless there is an interruption first. */
  race (promise) {
    return Promise.race([promise, this.#happened])
  }

  #onAbort = () => this.interrupt(aborted(this.#options.signal))
}

function aborted (signal) {
  if (signal.reason instanceof HeapkitError) return signal.reason
  return new HeapkitError(codes.ABORTED, 'The capture was given up: its AbortSignal was aborted', { cause: signal.reason })
}

module.exports = { Interruption, aborted }
