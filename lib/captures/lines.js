'use strict'

// What spares V8 11 (Node 20) minutes in a forked child: it finds the place of every function in a snapshot by counting lines from the beginning
// of its script, each time anew, and some scripts have megabytes.

const inspector = require('../inspector')

const COUNTS_LINES = parseInt(process.versions.v8) < 12

/**
 * A debugger makes V8 note where lines begin, once for each script. Where ids of objects must not change, `session` is one that the parent has,
 * too: a new one would be an object with an id of its own.
 */
function findLines (session = 'lines') {
  if (!COUNTS_LINES) return
  try {
    inspector.postSync('Debugger.enable', {}, session)
  } catch {
    // Without the inspector it is slow.
  }
}

module.exports = { findLines }
