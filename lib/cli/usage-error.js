'use strict'

/** The command line itself is wrong. */
class UsageError extends Error {}

module.exports = { UsageError }
