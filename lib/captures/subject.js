'use strict'

// Whose heap, or whose time, a capture is of.

const { threadId } = require('node:worker_threads')

/** This thread: what holds unless somebody else's is recorded here (foreign.js). */
const OWN = Object.freeze({ pid: process.pid, threadId, nodeVersion: process.version })

module.exports = { OWN }
