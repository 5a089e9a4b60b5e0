'use strict'

// Promises in a process that may have patched theirs. `await` always works; `then()`, `catch()`, `finally()`, `Promise.race()` and the global
// `Promise` are whatever somebody has put there, and an async function that returns a promise without `await` calls its `then()`, too. Captures,
// and the one slot for heavy ones, must not depend on any of these.

const { Promise } = globalThis

/** A promise, and the functions that settle it. */
function deferred () {
  const it = {}
  it.promise = new Promise((resolve, reject) => {
    it.resolve = resolve
    it.reject = reject
  })
  return it
}

/** Calls `resolved` or `rejected` with what becomes of `promise`: `then()` for promises of anybody. */
async function settle (promise, resolved, rejected) {
  let value
  try {
    value = await promise
  } catch (error) {
    rejected(error)
    return
  }
  resolved(value)
}

function ignore () {}

/** Marks a promise as handled: its rejection is dealt with elsewhere, or does not matter. */
function handled (promise) {
  settle(promise, ignore, ignore)
}

/** What the first of the two to settle becomes. */
function race (one, other) {
  const { promise, resolve, reject } = deferred()
  settle(one, resolve, reject)
  settle(other, resolve, reject)
  return promise
}

module.exports = { deferred, settle, handled, race }
