'use strict'

// Forked children, as Linux tells of them.

const fs = require('node:fs')
const { until } = require('./support')

/** The children of this process, zombies too, by their /proc/PID/stat: { pid, name, state }. */
function childrenOf (parent = process.pid) {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      const [, name, state, ppid] = /\((.*)\) (\S) (\d+)/s.exec(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
      return Number(ppid) === parent ? [{ pid: Number(pid), name, state }] : []
    } catch {
      return []
    }
  })
}

const twinsOf = (parent) => childrenOf(parent).filter(({ name }) => name === 'heapkit-child')

/** The first twin of `parent` to be seen. */
async function twin (parent) {
  const [found] = await until(() => { const twins = twinsOf(parent); return twins.length > 0 && twins }, 'a forked child')
  return found
}

module.exports = { childrenOf, twinsOf, twin }
