'use strict'

// The measured service of memory.js, in a control group of its own: node memory-child.js TASK. The task is { kind, megabytes, group,
// truth }; what came of it is the last line of its standard output.

const fs = require('node:fs')
const path = require('node:path')
const v8 = require('node:v8')
const { finished } = require('node:stream/promises')
const { createSnapshotStream } = require('heapkit')
const { build } = require('./heaps')

const MIB = 2 ** 20
const { kind, megabytes, group, truth } = JSON.parse(process.argv[2])
const read = (file) => Number(fs.readFileSync(path.join(group, file), 'utf8'))
const usage = () => read('memory.usage_in_bytes')

/** The stream is read and thrown away: a file would be memory of the group, too. */
async function snapshot (memory) {
  const stream = createSnapshotStream({ mode: 'fork', memory })
  try {
    await finished(stream.resume())
    return { outcome: 'delivered' }
  } catch ({ code, message }) {
    return { outcome: OUTCOMES.find(([, pattern]) => pattern.test(message))?.[0] ?? 'failed', code, message, estimate: estimateOf(message) }
  }
}

const OUTCOMES = [
  // The watch killed it at the reserve, before there was an estimate.
  ['killed, counting', /gone before its objects were even counted/],
  ['killed', /was killed to keep|SIGKILL/],
  ['counted', /it needs about \d+ MiB for the (\d+ objects in )?\d+ MiB of heap in use \(up to/],
  ['refused', /it needs /]
]

const estimateOf = (message) => Number(/about (\d+) MiB (?:for the|that it needs)/.exec(message)?.[1]) * MIB || undefined

/** What heapkit says if it has just so little that it must count. */
async function estimate (used) {
  for (const factor of [1, 2, 4, 7]) {
    const reserveBytes = Math.round(read('memory.limit_in_bytes') - usage() - 48 * MIB - factor * used)
    const { estimate, outcome } = await snapshot({ reserveBytes })
    if (estimate !== undefined || outcome === 'delivered') return estimate
  }
}

async function main () {
  globalThis.kept = build(kind, megabytes)
  // As a service has it: what was garbage while it started is gone.
  await new Promise((resolve) => setTimeout(resolve, 200))
  const { used_heap_size: used } = v8.getHeapStatistics()
  const result = { used, available: read('memory.limit_in_bytes') - usage() }
  if (truth) result.estimate = await estimate(used)
  const before = usage()
  fs.writeFileSync(path.join(group, 'memory.max_usage_in_bytes'), '0')
  const seen = await snapshot({ force: truth })
  return { ...result, ...seen, estimate: result.estimate ?? seen.estimate, need: read('memory.max_usage_in_bytes') - before }
}

main().then((result) => console.log(JSON.stringify(result)), (error) => {
  console.error(error.stack)
  process.exitCode = 1
})
