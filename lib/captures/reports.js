'use strict'

// What onProgress hears of a capture.

const { tell } = require('../progress')
const time = require('../time')

const EVERY_BYTES = 4 * 1024 * 1024
const EVERY_MS = 100

class Reports {
  #onProgress
  #facts
  #failed
  #bytes = 0

  /** `facts(phase)` answers what there is to say; `failed(cause)` hears what the callback throws. */
  constructor (onProgress, facts, failed) {
    this.#onProgress = onProgress
    this.#facts = facts
    this.#failed = failed
  }

  /** Counts bytes that were put out. */
  count (bytes) {
    this.#bytes += bytes
    if (this.#bytes < EVERY_BYTES) return
    this.#bytes = 0
    this.say('serializing')
  }

  say (phase) {
    if (this.#onProgress) tell(this.#onProgress, this.#facts(phase), this.#failed)
  }

  /** Reports now and then while `work` goes on without this thread. */
  async meanwhile (phase, work) {
    const watch = this.#onProgress && time.every(EVERY_MS, () => this.say(phase))
    try {
      return await work()
    } finally {
      watch?.cancel()
    }
  }

  /** The capture failed. */
  stop () { this.#onProgress = undefined }
}

module.exports = { Reports }
