'use strict'

// Ctrl-C, and the end of a session, for commands that write: they give up, leave nothing behind, and end as the signal would have ended them.

/** How a shell sees the end by a signal: 128 and its number. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

/**
 * Does `work(signal)`, whose signal aborts when the process is told to end; answers the exit code, if that is not 0. `more` are signals besides, with their codes.
 */
async function interruptible (work, more = {}) {
  const controller = new AbortController()
  let code
  const listeners = Object.entries({ ...SIGNALS, ...more }).map(([name, number]) => [name, () => {
    code ??= number
    controller.abort()
  }])
  for (const [name, listener] of listeners) process.on(name, listener)
  try {
    return await work(controller.signal)
  } catch (error) {
    if (code === undefined) throw error
    return code
  } finally {
    for (const [name, listener] of listeners) process.off(name, listener)
  }
}

module.exports = { interruptible }
