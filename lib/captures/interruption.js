'use strict'

// Why a capture is given up before its end: its AbortSignal, its time limit, or whoever calls interrupt(). The first reason stays.

const { listen, leave, aborted } = require('../abort')
const { deferred, handled, race } = require('../promises')
const time = require('../time')

class Interruption {
  /** Why, once there is a reason. */
  error = undefined

  #options
  #timedOut
  #alarm
  #happened = deferred()

  /** `options` are { signal, timeoutMs }; `timedOut(timeoutMs)` makes the error for a time limit. */
  constructor (options, timedOut) {
    this.#options = options
    this.#timedOut = timedOut
    // Those who wait race against it, but perhaps nobody waits.
    handled(this.#happened.promise)
  }

  /** From now on signal and limit count. Throws where the signal was aborted before, or cannot be listened to. */
  watch () {
    const { signal, timeoutMs } = this.#options
    listen(signal, this.#onAbort)
    if (timeoutMs !== undefined) this.#alarm = time.after(timeoutMs, () => this.interrupt(this.#timedOut(timeoutMs)))
  }

  /** The capture is over. */
  unwatch () {
    this.#alarm?.cancel()
    leave(this.#options.signal, this.#onAbort)
  }

  interrupt (error) {
    this.error ??= error
    this.#happened.reject(error)
  }

  throwIfInterrupted () {
    if (this.error) throw this.error
  }

  /** What `promise` becomes, unless there is an interruption first. */
  race (promise) {
    return race(promise, this.#happened.promise)
  }

  #onAbort = () => this.interrupt(aborted(this.#options.signal))
}

module.exports = { Interruption }
