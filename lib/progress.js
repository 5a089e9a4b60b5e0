'use strict'

// Reports of progress to a callback of the application.

const { settle } = require('./promises')

/** `failed` gets what the callback throws, or rejects with if it is async. */
function tell (onProgress, progress, failed) {
  try {
    const answer = onProgress(progress)
    if (typeof answer?.then === 'function') settle(answer, () => {}, failed)
  } catch (error) {
    failed(error)
  }
}

module.exports = { tell }
