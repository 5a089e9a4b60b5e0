'use strict'

// Measures how long a capture keeps this thread's JavaScript from running: the sum of its synchronous stretches.

const time = require('../time')

class Pause {
  #total = 0

  get ms () { return Math.round(this.#total * 1000) / 1000 }

  /** Runs `work` and counts the time it takes. */
  run (work) {
    const start = time.now()
    try {
      return work()
    } finally {
      this.#total += time.now() - start
    }
  }
}

module.exports = { Pause }
