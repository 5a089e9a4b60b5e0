'use strict'

// Captures of every kind that are aborted, or run out of time, at random moments.

const { warmService, mustBeClean } = require('./subject')

const KINDS = ['fork', 'inline', 'stream', 'inline stream', 'sampling', 'cpu', 'timeline']
const EXPECTED = ['HEAPKIT_ERR_ABORTED', 'HEAPKIT_ERR_TIMEOUT', 'ABORT_ERR']

async function run ({ node, dir, random, times = 200 }) {
  const { service, before } = await warmService(node, dir)
  const seen = { delivered: 0, givenUp: 0 }
  try {
    for (let time = 0; time < times; time++) {
      const kind = random.pick(KINDS)
      const afterMs = random.below(random.pick([5, 60, 600]))
      const limit = random.below(2) ? { abortAfterMs: afterMs } : { options: { timeoutMs: afterMs + 1 } }
      try {
        await service.ask('capture', { kind, ...limit, options: { dir, ...limit.options } })
        seen.delivered++
      } catch (error) {
        if (!EXPECTED.includes(error.code)) throw new Error(`${kind}, given up after ${afterMs} ms: ${error.code}: ${error.message}`)
        seen.givenUp++
      }
    }
    await mustBeClean(service, { dir, before })
    return `${seen.givenUp} given up, ${seen.delivered} delivered before`
  } finally {
    await service.end()
  }
}

module.exports = { run }
