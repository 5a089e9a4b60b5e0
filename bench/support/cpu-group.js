'use strict'

// A control group with a CPU quota, version 1 or 2, for one bench. Needs root.

const fs = require('node:fs')
const path = require('node:path')

const PERIOD_US = 100_000
const V1 = ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/cpu,cpuacct'].find((dir) => fs.existsSync(path.join(dir, 'cpu.cfs_quota_us')) || fs.existsSync(path.join(dir, 'cgroup.procs')))
const ROOT = V1 ?? '/sys/fs/cgroup'

let made = 0

/** { add(pid), set(quota), throttled(), remove() }; a quota of 1 is one processor. */
function makeGroup (quota) {
  const group = path.join(ROOT, `heapkit-bench-${process.pid}-${++made}`)
  const write = (file, text) => fs.writeFileSync(path.join(group, file), String(text))
  if (!V1) fs.writeFileSync(path.join(ROOT, 'cgroup.subtree_control'), '+cpu')
  fs.mkdirSync(group)
  const set = (quota) => {
    const us = Math.round(quota * PERIOD_US)
    if (V1) {
      write('cpu.cfs_period_us', PERIOD_US)
      write('cpu.cfs_quota_us', us)
    } else {
      write('cpu.max', `${us} ${PERIOD_US}`)
    }
  }
  set(quota)
  // What else the machine does takes its processors only when the group does not want them.
  write(V1 ? 'cpu.shares' : 'cpu.weight', V1 ? 262_144 : 10_000)
  return {
    set,
    add: (pid) => write('cgroup.procs', pid),
    throttled: () => Number(/nr_throttled (\d+)/.exec(fs.readFileSync(path.join(group, 'cpu.stat'), 'utf8'))[1]),
    async remove () {
      // Processes that have ended may be in it for a moment longer.
      for (let attempt = 0; attempt < 100; attempt++) {
        try {
          return fs.rmdirSync(group)
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 50))
        }
      }
    }
  }
}

module.exports = { makeGroup }
