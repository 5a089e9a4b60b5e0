'use strict'

// The Node.js processes of this machine, and what Linux tells of each. What their heaps hold cannot be seen from outside.

const path = require('node:path')
const { HeapkitError, codes } = require('../errors')
const { delay, now } = require('../time')
const { memoryLimit, mountedGroups } = require('./memory-limit')
const proc = require('./proc')

/** `node`, `nodejs`, `node-20`, `node22`, `node-v22.1.0`, but not `node_exporter`. Who upgrades Node.js removes the file of what runs on. */
const NODE = /^node(js)?([-_]?v?\d[\w.-]*)?( \(deleted\))?$/

/** A line of /proc/PID/maps. */
const ADDON = /\/heapkit\.[^/\n]+\.node( \(deleted\))?$/m

/** Over this long the use of the processor is measured. */
const SAMPLE_MS = 200

/** In which the kernel counts time for /proc: USER_HZ is 100 wherever Node.js runs. */
const TICK_MS = 10

/**
 * Those that this user may see, without this very one, the largest first: [{ pid, containerPid, uid, threads, ageMs, cpuShare, rssBytes, limitBytes, heapkit, node, command }].
 * `containerPid`: in its own namespace, if that has another number for it. `uid`: as which it acts. `cpuShare`: of one core, over 200 ms from now on. `limitBytes`: of its control groups.
 * `heapkit`: whether its addon is loaded. `node`: the file that it runs, as /proc says. What there is not, or what this user may not see, is null.
 */
async function nodeProcesses () {
  if (process.platform !== 'linux') {
    throw new HeapkitError(codes.UNSUPPORTED, `Other processes are found in /proc, which only Linux has; this is ${process.platform}-${process.arch}, whose own tools list them`)
  }
  const own = reading('self')
  if (own === undefined) throw new HeapkitError(codes.UNSUPPORTED, 'Other processes are found in /proc, and there is none that this process can read: mount it (mount -t proc proc /proc)')
  const found = proc.pids().filter((pid) => Number(pid) !== own.pid && isNode(pid)).map(reading).filter(Boolean)
  await delay(SAMPLE_MS)
  const mounts = mountedGroups()
  const answer = found.map((before) => describe(before, { own, mounts })).filter(Boolean)
  answer.sort((a, b) => b.rssBytes - a.rssBytes)
  return answer
}

/** Of another user's process nobody may see the file, but its own name for it. */
function isNode (pid) {
  const file = proc.link(pid, 'exe') ?? proc.commandLine(pid)[0]
  return file !== undefined && NODE.test(path.basename(file))
}

/** What changes, and what says that it is still the same process: ids are given again. */
function reading (pid) {
  const fields = proc.stat(pid)
  return fields && { pid: Number(fields[1]), at: now(), cpuMs: (Number(fields[14]) + Number(fields[15])) * TICK_MS, startedMs: Number(fields[22]) * TICK_MS }
}

/** undefined when it has ended; one that its parent has not noticed yet has no memory any more. */
function describe ({ pid, ...before }, { own, mounts }) {
  const status = proc.status(pid)
  const [maps, node, argv] = [proc.read(pid, 'maps'), proc.link(pid, 'exe'), command(pid)]
  const limit = memoryLimit(pid, mounts)
  // Read last: what came before is about this process if it is still the same.
  const after = reading(pid)
  if (status?.VmRSS === undefined || after?.startedMs !== before.startedMs) return undefined
  const innermost = Number(status.NSpid?.split('\t').at(-1) ?? pid)
  return {
    pid,
    containerPid: innermost === pid ? null : innermost,
    uid: Number(status.Uid.split('\t')[1]),
    threads: Number(status.Threads),
    // By this process's own age: /proc/uptime may be that of a container, and starts are counted from that of the machine.
    ageMs: Math.max(0, Math.round(process.uptime() * 1000) + own.startedMs - after.startedMs),
    cpuShare: Math.max(0, after.cpuMs - before.cpuMs) / (after.at - before.at),
    rssBytes: parseInt(status.VmRSS) * 1024,
    limitBytes: limit ?? null,
    heapkit: maps === undefined ? null : ADDON.test(maps),
    node: node ?? null,
    command: argv
  }
}

/** Its arguments, or the title that it has given itself: that is written over them, and what is left is filled with zeros. */
function command (pid) {
  const [first, ...others] = proc.commandLine(pid)
  if (first === undefined) return []
  return others.every((argument) => argument === '') ? [first] : [first, ...others]
}

module.exports = { NODE, nodeProcesses }
