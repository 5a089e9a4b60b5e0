'use strict'

// What each thread of a process does right now: JavaScript frames of the main thread, and of all threads what the kernel knows.

const { setTimeout: sleep } = require('node:timers/promises')
const injected = require('./injected')
const { waitOf } = require('./system-calls')
const proc = require('./proc')

/** Over which the share of a processor is taken. */
const SHARE_OVER_MS = 100

/** The JavaScript frames of the main thread, innermost first: [{ name, file, line, column }]; none while it waits for events. */
async function frames (attached) {
  return await attached.evaluate(injected.ownFrames)
}

/**
 * All threads of a process: [{ tid, name, state, cpuShare, wait }], the main thread first. `state` is a letter of proc_pid_stat(5), `wait` the system call or the place in
 * the kernel where it sleeps, as far as this user may know it.
 */
async function threads (pid) {
  const before = new Map(ids(pid).map((tid) => [tid, ranMs(pid, tid)]))
  const start = performance.now()
  await sleep(SHARE_OVER_MS)
  const elapsedMs = performance.now() - start
  return ids(pid).map((tid) => {
    const fields = proc.stat(pid, `task/${tid}/stat`)
    const ran = ranMs(pid, tid) - (before.get(tid) ?? 0)
    return fields && { tid, name: fields[2], state: fields[3], cpuShare: Math.max(0, Math.min(1, ran / elapsedMs)), wait: waitOf(pid, tid) }
  }).filter(Boolean)
}

function ids (pid) {
  return proc.list(pid, 'task').map(Number).sort((a, b) => Number(b === pid) - Number(a === pid) || a - b)
}

/** How long a thread has had a processor. */
function ranMs (pid, tid) {
  return Number(proc.read(pid, `task/${tid}/schedstat`)?.split(' ')[0] ?? 0) / 1e6
}

module.exports = { frames, threads }
