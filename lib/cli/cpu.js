'use strict'

// heapkit cpu PID: a CPU profile of a process that nobody prepared.

const { profileCpu } = require('../processes/cpu')
const { liveProfile, optionsUsage, USAGE_END } = require('./live-profile')

const usage = `Usage: heapkit cpu PID [--seconds N] [--interval MICROSECONDS] [--format FORMAT] [-o FILE|-] [--dir DIR]
                       [--source-maps DIR]… [--json]

A CPU profile of the main thread of a Node.js process, also while it hangs, and the function that took most of the time. The
process needs no preparation: Node's inspector is opened by SIGUSR1, asked, and closed again. Node.js says so on that
process's standard error. Ctrl-C gives it up. A process that ends meanwhile is not held up, and what there is of it is kept.

${optionsUsage('cpuprofile', 'a sample each N microseconds (1000)')}${USAGE_END}`

module.exports = liveProfile({
  kind: 'cpu',
  usage,
  hottest: (name, time, share) => `Hottest: ${name}, ${share} of the time in functions`,
  collect: async (attached, { seconds, start: { sampleInterval }, signal, onProgress }) => await profileCpu(attached, { seconds, sampleInterval, signal, onProgress })
})
