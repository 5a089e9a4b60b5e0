'use strict'

/** Why another process cannot be asked: `message` says what to do. */
class ProcessError extends Error {
  constructor (message, { isTimeout = false, isEnd = false } = {}) {
    super(message)
    /** Nothing has come within the time; an answer may still come. */
    this.isTimeout = isTimeout
    /** The other process, or its inspector, is gone. */
    this.isEnd = isEnd
  }
}

module.exports = { ProcessError }
