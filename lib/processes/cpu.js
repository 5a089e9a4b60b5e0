'use strict'

// A CPU profile of the main thread of another process, by its own V8: nothing is loaded into it, and it may hang.

const { setTimeout: sleep } = require('node:timers/promises')

const REPORT_EVERY_MS = 200

/**
 * Profiles for so many seconds, or until the process wants to end, and answers V8's text. `onProgress({ phase, elapsedMs, totalMs })` is called now and then. When `signal` aborts it rejects;
 * what V8 has begun ends with the connection.
 */
async function profileCpu (attached, { seconds, sampleInterval, signal, onProgress = () => {} }) {
  attached.wantsLastWords()
  await attached.post('Profiler.enable')
  await attached.post('Profiler.setSamplingInterval', { interval: sampleInterval })
  await attached.post('Profiler.start')
  const [start, totalMs] = [performance.now(), seconds * 1000]
  let isEnding
  for (let left; (left = totalMs - (performance.now() - start)) > 0;) {
    onProgress({ phase: 'profiling', elapsedMs: totalMs - left, totalMs })
    isEnding = await Promise.race([sleep(Math.min(left, REPORT_EVERY_MS), undefined, { signal }), attached.ending])
    if (isEnding !== undefined) break
  }
  const { profile } = await attached.post('Profiler.stop')
  if (isEnding) attached.leave()
  else await attached.post('Profiler.disable')
  return JSON.stringify(profile)
}

module.exports = { profileCpu }
