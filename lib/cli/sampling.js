'use strict'

// heapkit sampling PID: which functions allocate what is alive in a process that nobody prepared.

const { sample } = require('../processes/heap')
const { liveProfile, optionsUsage, USAGE_END } = require('./live-profile')
const { bytes } = require('./table')

const usage = `Usage: heapkit sampling PID [--seconds N] [--interval BYTES] [--allocations] [--mode MODE] [--force] [--format FORMAT] [-o FILE|-] [--dir DIR]
                            [--source-maps DIR]… [--json]

A sampling profile of the heap of a Node.js process's main thread: which functions have allocated what is alive of these
seconds. The process needs no preparation, but its event loop must turn: Node's inspector is opened by SIGUSR1, heapkit is
loaded into the process (and stays, asleep), a forked child of it reads the profile, and the inspector is
closed again. Node.js says so on that process's standard error. Ctrl-C gives it up.

${optionsUsage('heapprofile', 'a sample each N bytes (524288)')}  --allocations       all that was allocated, also what has died
  --mode MODE         auto (the default: a forked child reads it), fork, or inline, which stops the process meanwhile
  --force             read it although there seems to be too little memory for a child
${USAGE_END}`

module.exports = liveProfile({
  kind: 'sampling',
  usage,
  more: { allocations: { type: 'boolean' }, mode: { type: 'string' }, force: { type: 'boolean' } },
  hottest: (name, size, share) => `Greatest: ${name}, ${bytes(size)} (${share})`,
  async collect (attached, { seconds, start: { sampleInterval }, values: { allocations = false, mode = 'auto', force = false }, signal, onProgress }) {
    const ending = { mode, memory: { force } }
    const { bytes } = await sample(attached, { sampleInterval, allocations }, { seconds, ending, as: { format: 'heapprofile' }, signal, onProgress })
    return bytes.toString()
  }
})
