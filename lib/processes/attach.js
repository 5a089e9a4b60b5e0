'use strict'

// Reaches a Node.js process that nobody prepared, by its own inspector: SIGUSR1 opens that within some 20 ms, also where the event loop hangs, because a thread of Node's takes
// the signal. What is asked of it then, and how it is left, attached.js has.
//
// A signal can do harm: a process that does not expect it ends. So whatever can be known before is asked before.

const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { Attached, stillOpen, whatItDoes } = require('./attached')
const { InspectorClient } = require('./inspector-client')
const { NODE } = require('./list')
const { listeningPorts, isInUse } = require('./ports')
const proc = require('./proc')
const { ProcessError } = require('./process-error')
const { waitOf } = require('./system-calls')
const { WebSocket } = require('./websocket')

const USUAL_PORT = 9229
const ANY_PORT = 0
const SIGUSR1 = 10
const LEAST_NODE_BYTES = 20e6
/** Node has opened it after 20 to 60 ms; a busy machine takes longer. */
const OPEN_WITHIN_MS = 5000
const LOOK_EVERY_MS = 5
/** A main thread that sleeps this long at one place does not only wait for a worker of V8's or a disk for a moment. */
const SLEEPS_FOR_MS = 100
/** For what the inspector's own thread answers. */
const CONNECT_WITHIN_MS = 5000

/**
 * Answers an Attached, or throws a ProcessError; then nothing was changed in the process, unless the error says so. `asksPorts`: where it is not known at which port its inspector is, all on which the
 * process listens are asked.
 */
async function attach (pid, { asksPorts = false } = {}) {
  const status = mustBeReachable(pid)
  const port = inspectorPort(pid)
  const before = listeningPorts(pid)
  // Where it was open before, it belongs to somebody, and stays open.
  const open = await openBefore(before, port, asksPorts || hasInspector(pid))
  const client = await connected(pid, open ? [open] : await opened(pid, status, port, before), open === undefined)
  const attached = new Attached(client, pid, open === undefined)
  try {
    await attached.mustBe(Number(status.NSpid?.split('\t').at(-1) ?? pid))
  } catch (error) {
    if (!await attached.detach()) error.message += `. ${stillOpen(pid)}`
    throw error
  }
  return attached
}

/** Answers its status. */
function mustBeReachable (pid) {
  if (process.platform !== 'linux') throw new ProcessError(`Processes can be reached by their number on Linux only so far, not on ${process.platform}`)
  const status = proc.status(pid)
  if (status === undefined) throw new ProcessError(`There is no process ${pid}, or it is hidden from this user; \`heapkit ps\` lists those that can be seen`)
  if (pid === process.pid) throw new ProcessError(`Process ${pid} is this command itself`)
  if (Number(status.Tgid) !== pid) throw new ProcessError(`${pid} is a thread of process ${status.Tgid}: give that number`)
  if (status.State.startsWith('Z')) throw new ProcessError(`Process ${pid} has ended already; only its parent has not taken notice yet`)
  if (/^[Tt]/.test(status.State)) throw new ProcessError(`Process ${pid} is stopped (${status.State}), and answers nobody until it goes on: \`kill -CONT ${pid}\``)
  try {
    process.kill(pid, 0)
  } catch {
    throw new ProcessError(`Process ${pid} is of user ${status.Uid.split('\t')[0]}, and this is user ${process.getuid()}: run heapkit as that user, or as root`)
  }
  const own = proc.link('self', 'ns/net')
  const its = proc.link(pid, 'ns/net')
  if (its !== undefined && its !== own) {
    throw new ProcessError(`Process ${pid} has a network of its own (a container's), in which its inspector would listen: run heapkit inside of it (\`kubectl exec\`, \`docker exec\`), or with \`nsenter --net --target ${pid}\``)
  }
  return status
}

/** The port that its inspector has, or would have: by its arguments and NODE_OPTIONS, of which the former come later and count. */
function inspectorPort (pid) {
  const environment = (proc.read(pid, 'environ') ?? '').split('\0').find((line) => line.startsWith('NODE_OPTIONS='))
  const texts = [...(environment?.slice('NODE_OPTIONS='.length).split(' ') ?? []), ...proc.commandLine(pid)]
  const ports = texts.map((text) => /^--(?:inspect|inspect-brk|inspect-wait|inspect-port|debug-port)=(?:.*:)?(\d+)$/.exec(text)?.[1])
  return Number(ports.filter(Boolean).at(-1) ?? USUAL_PORT)
}

/** One that ends has nothing any more by which it could be known. */
function mustLive (pid) {
  if (/^[^ZX]/.test(proc.status(pid)?.State ?? '') && proc.link(pid, 'exe') !== undefined) return
  if (proc.status(pid) === undefined || proc.commandLine(pid).length === 0) throw new ProcessError(`Process ${pid} has ended meanwhile`, { isEnd: true })
}

/** Whether its inspector is known to be open: by the arguments, or by its thread, which has a name from Node 24 on. */
function hasInspector (pid) {
  return proc.commandLine(pid).some((text) => /^--inspect(-brk|-wait)?(=|$)/.test(text)) || proc.list(pid, 'task').some((tid) => proc.read(pid, `task/${tid}/comm`) === 'InspectorIo\n')
}

/** Where its inspector listens already: at its port, or at one that answers as an inspector does. No other server of the process is asked unless there is reason to. */
async function openBefore (places, port, asksPorts) {
  const usual = places.find((one) => one.port === port)
  if (usual || !asksPorts) return usual
  for (const place of places) {
    try {
      await targets(place.host, place.port)
      return place
    } catch {
      // It is something else.
    }
  }
  return undefined
}

/** Has the process open its inspector, and answers where it may listen now. */
async function opened (pid, status, port, before) {
  mustLive(pid)
  const name = path.basename(proc.link(pid, 'exe') ?? 'not to be seen')
  if (!NODE.test(name) || !isLarge(pid)) {
    throw new ProcessError(`Process ${pid} does not look like Node.js: its program is ${name}. It is left alone, because the signal that opens Node's inspector would end another program`)
  }
  if (!has(status.SigCgt, SIGUSR1)) {
    const why = has(status.SigIgn, SIGUSR1) ? 'it ignores it' : 'it runs with --disable-sigusr1 or --permission, has only just begun, or was built without the inspector'
    throw new ProcessError(`Process ${pid} does not listen to SIGUSR1, which opens Node's inspector: ${why}. Start it with --inspect, or with heapkit in it`)
  }
  if (port !== ANY_PORT && isInUse(pid, port)) {
    throw new ProcessError(`Port ${port}, on which Node.js would open the inspector of process ${pid}, is in use by another process. End that one's (\`heapkit detach\`, a debugger), or start this one with another --inspect-port`)
  }
  await mustNotSleep(pid)
  if (!signalled(pid)) mustLive(pid)
  const known = new Set(before.map((one) => one.port))
  for (const deadline = Date.now() + OPEN_WITHIN_MS; Date.now() < deadline; await sleep(LOOK_EVERY_MS)) {
    // A process that has changed its title does not show its arguments any more.
    const found = listeningPorts(pid).filter((one) => one.port === port || !known.has(one.port))
    if (found.length > 0) return found.sort((a, b) => Number(b.port === port) - Number(a.port === port))
    mustLive(pid)
  }
  throw new ProcessError(`Process ${pid} was sent SIGUSR1, and has not opened its inspector within ${OPEN_WITHIN_MS / 1000} s. If its main thread is in native code (${whatItDoes(pid)}), ` +
    `it opens as soon as that is back in JavaScript, and \`heapkit detach ${pid}\` closes it then. Otherwise it has a listener of its own for that signal, which has heard it, or its standard error says why`, { isTimeout: true })
}

function signalled (pid) {
  try {
    return process.kill(pid, 'SIGUSR1')
  } catch {
    return false
  }
}

/** A main thread that sleeps in the kernel, but not for events, would open the inspector when it wakes, and nobody would be there to close it. */
async function mustNotSleep (pid) {
  const first = asleep(pid)
  for (const deadline = Date.now() + SLEEPS_FOR_MS; Date.now() < deadline; await sleep(LOOK_EVERY_MS)) if (first === undefined || asleep(pid) !== first) return
  throw new ProcessError(`The main thread of process ${pid} runs no JavaScript that could be interrupted: ${whatItDoes(pid)}. It was left alone`, { isTimeout: true })
}

/** A text that stays the same while one and the same sleep goes on; undefined for none, and for the wait of the event loop. */
function asleep (pid) {
  const { State: state, voluntary_ctxt_switches: sleeps } = proc.status(pid) ?? {}
  const wait = waitOf(pid, pid)
  return !/^[SD]/.test(state ?? '') || wait === null || /^(epoll_p?wait|ep_poll|do_epoll_wait|io_uring_enter|io_cqring_wait)/.test(wait) ? undefined : `${wait} ${sleeps}`
}

/** Node.js and V8 are tens of megabytes, in one file or in a library. Another program may be called `node`, too. */
function isLarge (pid) {
  try {
    return fs.statSync(`/proc/${pid}/exe`).size > LEAST_NODE_BYTES || /\/libnode\.so/.test(proc.read(pid, 'maps') ?? '')
  } catch {
    return false
  }
}

/** Whether a mask of signals, as /proc has it, has this one. */
function has (mask, signal) {
  return (BigInt(`0x${mask}`) >> BigInt(signal - 1) & 1n) === 1n
}

/** Answers a client of the first of them that is an inspector. */
async function connected (pid, places, wasOpened) {
  let failure
  for (const { host, port } of places) {
    try {
      const [{ webSocketDebuggerUrl }] = await targets(host, port)
      const { pathname } = new URL(webSocketDebuggerUrl)
      return new InspectorClient(await WebSocket.open({ host, port, path: pathname, timeoutMs: CONNECT_WITHIN_MS }))
    } catch (error) {
      failure = error
    }
  }
  mustLive(pid)
  throw new ProcessError(`The inspector of process ${pid} cannot be spoken to: ${failure.message}${wasOpened ? `. It was opened and is open still; \`heapkit detach ${pid}\` tries again to close it` : ''}`)
}

function targets (host, port) {
  return new Promise((resolve, reject) => {
    const request = http.get({ host, port, path: '/json/list', timeout: CONNECT_WITHIN_MS }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk) => { text += chunk })
      response.on('end', () => {
        const found = asTargets(text)
        if (found) resolve(found)
        else reject(new Error('it does not speak as an inspector does'))
      })
    })
    request.on('timeout', () => request.destroy(new Error(`no answer within ${CONNECT_WITHIN_MS} ms`)))
    request.on('error', reject)
  })
}

/** What an inspector lists; undefined for what another server may answer. */
function asTargets (text) {
  try {
    const list = JSON.parse(text)
    return list.length > 0 && list.every(({ webSocketDebuggerUrl: url }) => typeof url === 'string') ? list : undefined
  } catch {
    return undefined
  }
}

module.exports = { attach, mustBeReachable }
