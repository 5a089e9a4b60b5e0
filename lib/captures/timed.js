'use strict'

// Captures of a fixed length: a session that is started, left alone, and stopped. For whoever cannot stop it himself: a signal,
// an HTTP request.

const { startSampling } = require('./sampling')
const { startTimeline } = require('./timeline')
const { startCpuProfile } = require('./cpu')
const { aborted } = require('./interruption')
const time = require('../time')

/** How each kind is started, and how long it takes where nobody says so. */
const TIMED = {
  sampling: { start: startSampling, seconds: 30 },
  cpu: { start: startCpuProfile, seconds: 30 },
  timeline: { start: startTimeline, seconds: 10 }
}

/** Captures for so many seconds. Given up by `output.signal`, or failed, it leaves no session behind. */
async function captureFor (kind, seconds, options, output) {
  const session = TIMED[kind].start(options)
  try {
    await pass(seconds, output.signal)
    return await session.stop(output)
  } finally {
    // Does nothing where stop() went well.
    await session._dispose()
  }
}

/** Does not keep the process alive. */
function pass (seconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw aborted(signal)
    const onAbort = () => {
      alarm.cancel()
      reject(aborted(signal))
    }
    const alarm = time.after(seconds * 1000, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

module.exports = { TIMED, captureFor }
