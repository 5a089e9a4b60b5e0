'use strict'

// heapkit stack PID: what every thread of a process does right now.

const { mustBeReachable } = require('../processes/attach')
const { frames, threads } = require('../processes/stack')
const { command } = require('./command')
const { pidOf, withProcess } = require('./by-pid')
const { ending, percent, short, table, wrapped } = require('./table')

const usage = `Usage: heapkit stack PID [--json]

What every thread of a Node.js process does right now, also while it hangs: the JavaScript frames of the main thread with their
places, and of all threads the system call in which they wait. The process needs no preparation: Node's inspector is
opened by SIGUSR1, asked, and closed again. Node.js says so on that process's standard error.

Options:
  --json      the answer as JSON: { pid, nodeVersion, frames: [{ name, file, line, column }], reason,
              threads: [{ tid, name, state, cpuShare, wait }] }; where the main thread does not answer, frames are null, and reason says why
  -h, --help  this text
`

const STATES = { R: 'runs', S: 'waits', D: 'waits for a device', T: 'is stopped', t: 'is stopped', Z: 'has ended', I: 'is idle' }

async function run ([pid], { json }, { output, stderr }) {
  const number = pidOf(pid, 'stack')
  mustBeReachable(number)
  // Before the inspector is opened, which has a thread of its own and wakes the main thread.
  const others = await threads(number)
  const main = await javaScript(number, stderr)
  if (typeof main === 'number') return main
  const answer = { pid: number, ...main, threads: others }
  if (json) return output.json(answer)
  output.write(text(answer, output.width))
}

async function javaScript (pid, stderr) {
  try {
    return await withProcess(pid, stderr, async (attached) => ({ nodeVersion: attached.nodeVersion, frames: await frames(attached), reason: null }))
  } catch (error) {
    // What the kernel knows is worth more than nothing.
    if (!error.isTimeout) throw error
    return { nodeVersion: null, frames: null, reason: error.message }
  }
}

function text ({ pid, nodeVersion, frames, reason, threads }, width) {
  const share = percent(threads[0]?.cpuShare ?? 0)
  const head = `Process ${pid}${nodeVersion ? `, Node.js ${nodeVersion}` : ''}: its main thread ${doing(frames)}, with ${share} of a processor`
  const rows = (frames ?? []).map(({ name, file, line, column }) => [name || '(anonymous)', line === null ? file : `${file}:${line}:${column}`])
  const stack = table(['FUNCTION', 'PLACE'], rows, [], { width, cut: { FUNCTION: short, PLACE: ending } })
  const states = threads.map(({ tid, name, state, cpuShare, wait }) => [String(tid), name, percent(cpuShare), [STATES[state] ?? state, wait].filter(Boolean).join(' in ')])
  const all = table(['TID', 'THREAD', 'CPU', 'STATE'], states, ['TID', 'CPU'], { width, cut: { THREAD: short, STATE: short } })
  const words = [...wrapped(head, width), ...reason ? wrapped(reason, width) : []].join('\n') + '\n'
  return [words, ...rows.length > 0 ? [stack] : [], all].join('\n')
}

function doing (frames) {
  if (frames === null) return 'runs no JavaScript that could be interrupted'
  return frames.length > 0 ? 'runs JavaScript' : 'waits for events'
}

module.exports = command({ usage, reads: false, run })
