'use strict'

// A CPU profile of the main thread of another process, by its own V8: nothing is loaded into it, and it may hang.

const { pass } = require('./passing')

/**
 * Profiles for so many seconds, or until the process wants to end, and answers V8's text. `control` is { signal, onProgress } of pass(). When `signal` aborts it rejects;
 * what V8 has begun ends with the connection.
 */
async function profileCpu (attached, { seconds, sampleInterval, ...control }) {
  attached.wantsLastWords()
  await attached.post('Profiler.enable')
  await attached.post('Profiler.setSamplingInterval', { interval: sampleInterval })
  await attached.post('Profiler.start')
  const { isEnding } = await pass(attached, seconds, control)
  const { profile } = await attached.post('Profiler.stop')
  if (isEnding) attached.leave()
  else await attached.post('Profiler.disable')
  return JSON.stringify(profile)
}

module.exports = { profileCpu }
