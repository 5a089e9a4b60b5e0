'use strict'

// The seconds that a profile of another process takes.

const { setTimeout: sleep } = require('node:timers/promises')

const REPORT_EVERY_MS = 200

/**
 * Waits so many seconds, or until the process wants to end. Answers { isEnding, seconds }: whether that was so, and how long it was. `onProgress({ phase, elapsedMs, totalMs })` is called now and then; rejects when `signal` aborts.
 */
async function pass (attached, seconds, { signal, onProgress = () => {} }) {
  const [start, totalMs] = [performance.now(), seconds * 1000]
  const elapsedMs = () => performance.now() - start
  while (elapsedMs() < totalMs) {
    onProgress({ phase: 'profiling', elapsedMs: elapsedMs(), totalMs })
    const ended = await Promise.race([sleep(Math.min(totalMs - elapsedMs(), REPORT_EVERY_MS), undefined, { signal }), attached.ending])
    if (ended !== undefined) return { isEnding: true, seconds: elapsedMs() / 1000 }
  }
  return { isEnding: false, seconds }
}

module.exports = { pass }
