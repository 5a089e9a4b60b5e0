'use strict'

// Measures how long a capture keeps this thread's JavaScript from running: the sum of its synchronous stretches.

const { performance } = require('node:perf_hooks')

class Pause {
  #total = 0

  get ms () { return Math.round(this.#total * 1000) / 1000 }

  /** Runs `work` and counts the time it takes. */
  run (work) {
    const start = performance.now()
    try {
      return work()
    } finally {
      this.#total += performance.now() - start
    }
  }

  /**
   * For work that V8 does in a task of its own, whose start no callback tells. Until the first call of `ended`, a beacon
   * on the event loop notes the time; the stretch from the last beacon to the end is the pause. It errs, if at all, on
   * the long side: by what else the loop did in that turn.
   */
  untilEnd () {
    let last = performance.now()
    let running = true
    const beacon = () => {
      last = performance.now()
      if (running) setImmediate(beacon)
    }
    setImmediate(beacon)
    return {
      /** The task has begun: stop the beacon. */
      begun: () => { running = false },
      ended: () => {
        running = false
        this.#total += performance.now() - last
      }
    }
  }
}

module.exports = { Pause }
