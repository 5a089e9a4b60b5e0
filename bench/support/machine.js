'use strict'

// Where a bench ran: figures mean nothing without it.

const os = require('node:os')

function machine () {
  const cpus = os.cpus()
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown CPU',
    cores: cpus.length,
    memoryBytes: os.totalmem(),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
    load: os.loadavg()[0]
  }
}

function machineLine ({ cpu, cores, memoryBytes, platform, node, v8, load } = machine()) {
  return `${cpu}, ${cores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB, ${platform}, Node.js ${node} (V8 ${v8}), load ${load.toFixed(1)}`
}

module.exports = { machine, machineLine }
