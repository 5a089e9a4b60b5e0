'use strict'

// What all copies of heapkit in one thread share: two packages may each bring one along, of versions of their own. What all threads
// share is in src/process.rs.
//
// The place is an object of Node's that is one in a thread, also for code in contexts of its own (jest's). The number is that of the
// record below: one with other fields, or other meanings, needs another. What is in it comes from other versions, so nothing but these
// names may be taken for granted.

const home = require('node:v8')

const KEY = Symbol.for('heapkit.thread.2')

function found () {
  if (!Object.hasOwn(home, KEY)) {
    Object.defineProperty(home, KEY, {
      value: {
        /** Inspector sessions by what they are for. */
        inspectors: new Map(),
        /** Of a worker thread that listens to the main thread (captures/workers.js): { presence, channel, running }. */
        listening: undefined,
        /** Sessions by kind: { session, isRunning () }. */
        sessions: new Map(),
        /** Who has the slot: { end (error) }, or null. */
        held: null,
        /** The number of the last capture. */
        lastId: 0,
        /** Whether somebody compares the ids of objects between captures. */
        idsCount: false
      }
    })
  }
  return home[KEY]
}

module.exports = found()
