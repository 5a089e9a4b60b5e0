'use strict'

// How many samples V8 may hold of a session that keeps those of what has died. V8 does not tell without a profile of all of them, so it is estimated: from
// Node 26 on by the bytes that V8 has allocated, before by the time in which the thread was not idle, and what it turned out to have allocated in such time.

const v8 = require('node:v8')
const time = require('../time')

/** Bytes a second: what a busy thread is taken to allocate until it is known better, and what it hardly can. */
const USUAL = 256 * 1024 ** 2
const FASTEST = 1024 ** 3
/** A sample takes V8 from 3 to 5 µs. */
const MOST_SAMPLES = 250_000
/** A thread that has allocated little may allocate so much less than is usual, and no less; one that has allocated much, twice as much. */
const LEAST = 1 / 8
const MORE = 2

class Pace {
  #sampleInterval
  #perSecond
  #since = now()
  #last = { workedMs: 0 }

  constructor (sampleInterval) {
    this.#sampleInterval = sampleInterval
    this.#perSecond = this.#samples(USUAL)
  }

  /** V8 has begun anew, with no samples. */
  begin () {
    this.#last = this.#spent()
    this.#since = now()
  }

  /** How many samples V8 may hold. */
  held () {
    const { bytes, workedMs } = this.#spent()
    return bytes === undefined ? workedMs / 1000 * this.#perSecond : bytes / this.#sampleInterval
  }

  /** In how many milliseconds it cannot hold so many before. */
  msUntil (samples) {
    const perSecond = now().bytes === undefined ? this.#perSecond : this.#samples(FASTEST)
    return Math.max(0, samples - this.held()) / perSecond * 1000
  }

  /** Until it began anew, V8 held so many. */
  learn (samples) {
    const { workedMs } = this.#last
    if (!(workedMs > 0)) return
    const usual = this.#samples(USUAL)
    this.#perSecond = Math.min(Math.max(MORE * samples / workedMs * 1000, LEAST * usual), MOST_SAMPLES)
  }

  #samples (bytes) {
    return Math.min(bytes / this.#sampleInterval, MOST_SAMPLES)
  }

  #spent () {
    const { at, idleMs, bytes } = now()
    return { workedMs: Math.max(0, at - this.#since.at - (idleMs - this.#since.idleMs)), bytes: bytes === undefined ? undefined : bytes - this.#since.bytes }
  }
}

function now () {
  return { at: time.now(), idleMs: time.idleMs(), bytes: v8.getHeapStatistics().total_allocated_bytes }
}

module.exports = { Pace }
