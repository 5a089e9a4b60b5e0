'use strict'

// The memory limit of a process: the smallest of its control group's and of those above it, of version 1 and 2. src/host/memory.rs asks the same of heapkit's own process.

const fs = require('node:fs')
const path = require('node:path')
const proc = require('./proc')

/** By the kind of mount. Above memory.high, the kernel slows the group down; above the others it kills. */
const FILES = { cgroup: ['memory.limit_in_bytes'], cgroup2: ['memory.max', 'memory.high'] }

/** Version 1 says a huge number where there is no limit, version 2 says `max`. */
const UNLIMITED = 2 ** 60

/** The hierarchies of control groups that may have memory limits and that are mounted here: [{ type, root, point }], of proc_pid_mountinfo(5). */
function mountedGroups (mountinfo = proc.read('self', 'mountinfo') ?? '') {
  return mountinfo.split('\n').filter(Boolean).flatMap((line) => {
    const [mount, kind] = line.split(' - ')
    const [type, , options = ''] = kind.split(' ')
    if (type !== 'cgroup2' && !(type === 'cgroup' && options.split(',').includes('memory'))) return []
    const [, , , root, point] = mount.split(' ').map(unescaped)
    return [{ type, root, point }]
  })
}

/** Spaces and the like are in octal there. */
function unescaped (text) {
  return text.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)))
}

/** The files that may hold a limit for a process whose /proc/PID/cgroup has the text `memberships`. Groups that are not below a mount are not to be seen from here. */
function limitFiles (memberships, mounts) {
  const groups = memberships.split('\n').map((line) => /^(\d+):([^:]*):(.*)$/s.exec(line)).filter(Boolean)
  return mounts.flatMap(({ type, root, point }) => {
    const isIn = ([, id, controllers]) => type === 'cgroup2' ? id === '0' && controllers === '' : controllers.split(',').includes('memory')
    const [, , , group] = groups.find(isIn) ?? []
    if (group === undefined || leads(group) || leads(root)) return []
    const below = path.posix.relative(root, group)
    if (leads(below)) return []
    const steps = below.split('/').filter(Boolean)
    const dirs = [...steps.keys(), steps.length].map((length) => path.posix.join(point, ...steps.slice(0, length)))
    return dirs.flatMap((dir) => FILES[type].map((name) => path.posix.join(dir, name)))
  })
}

/** Whether a path leads out of where it begins: that of another namespace does. */
function leads (name) {
  return name.split('/').includes('..')
}

/** In bytes; undefined where there is no limit, or none that can be seen from here. */
function memoryLimit (pid, mounts) {
  const limits = limitFiles(proc.read(pid, 'cgroup') ?? '', mounts).map(number).filter((limit) => limit < UNLIMITED)
  return limits.length > 0 ? Math.min(...limits) : undefined
}

/** NaN where there is none, or no such file: the top group has no limit. */
function number (file) {
  try {
    // Each character stands for a byte of a name, as in all that `proc` reads.
    return parseInt(fs.readFileSync(Buffer.from(file, 'latin1'), 'latin1'))
  } catch {
    return NaN
  }
}

module.exports = { limitFiles, memoryLimit, mountedGroups }
