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
}

module.exports = { Pause }
