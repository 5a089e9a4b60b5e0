'use strict'

// Captures of a fixed length: a session that is started, left alone, and stopped. For those who cannot stop it
// themselves: signals and HTTP requests.

const { startSampling } = require('./sampling')
const { startTimeline } = require('./timeline')
const { startCpuProfile } = require('./cpu')
const { listen, leave, aborted } = require('../abort')
const { deferred } = require('../promises')
const time = require('../time')

/** How each kind is started, and how long it takes by default. */
const TIMED = {
  sampling: { start: startSampling, seconds: 30 },
  cpu: { start: startCpuProfile, seconds: 30 },
  timeline: { start: startTimeline, seconds: 10 }
}

/** Captures for so many seconds, and ends with `stop(session)`. Leaves no session behind, even if it fails or `output.signal` aborts. */
async function captureFor (kind, seconds, options, output, stop = (session) => session.stop(output)) {
  const session = TIMED[kind].start(options)
  try {
    await pass(seconds, output.signal)
    return await stop(session)
  } finally {
    // Does nothing where stop() went well.
    await session._dispose()
  }
}

/** Does not keep the process alive. */
async function pass (seconds, signal) {
  const { promise, resolve, reject } = deferred()
  const onAbort = () => reject(aborted(signal))
  listen(signal, onAbort)
  const alarm = time.after(seconds * 1000, resolve)
  try {
    await promise
  } finally {
    alarm.cancel()
    leave(signal, onAbort)
  }
}

module.exports = { TIMED, captureFor, pass }
