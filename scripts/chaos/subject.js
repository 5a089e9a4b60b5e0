'use strict'

// The service from outside: starts it, asks it, and looks at what it has left behind.

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { setTimeout: delay } = require('node:timers/promises')
const zlib = require('node:zlib')

const SERVICE = path.join(__dirname, 'service.js')
/** No capture may be under way any longer than this after whoever wanted it has gone. */
const GONE_WITHIN_MS = 5000
/** How long is waited for anything else, so that a fault ends the run with a message. */
const LIMIT_MS = 60_000

/** Starts a service under this Node. Answers { pid, ask(action, task), end(signal), ended }. */
async function startService (node) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HEAPKIT_|NODE_OPTIONS$)/.test(name)))
  const child = spawn(node, [SERVICE], { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const waiting = new Map()
  let stderr = ''
  let isEnding = false
  let lastId = 0
  child.stderr.setEncoding('utf8').on('data', (text) => { stderr += text })
  const ready = new Promise((resolve) => child.once('message', resolve))
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => {
    if (!isEnding) stderr += `the service ended by itself: ${signal ?? code}`
    for (const { reject } of waiting.values()) reject(new Error(`the service ended: ${stderr}`))
    resolve()
  }))
  child.on('message', ({ id, result, error }) => {
    const wait = waiting.get(id)
    waiting.delete(id)
    if (error) wait?.reject(Object.assign(new Error(error.message), { code: error.code }))
    else wait?.resolve(result)
  })
  await Promise.race([ready, ended.then(() => { throw new Error(stderr) })])
  return {
    pid: child.pid,
    ended,
    stderr: () => stderr,
    ask: (action, task) => new Promise((resolve, reject) => {
      waiting.set(++lastId, { resolve, reject })
      child.send({ id: lastId, action, ...task }, (error) => error && reject(error))
    }),
    end (signal = 'SIGKILL') {
      isEnding = true
      child.kill(signal)
      return ended
    }
  }
}

/** Waits until `condition()` answers something, and answers that. */
async function until (condition, what, limitMs = LIMIT_MS) {
  const deadline = performance.now() + limitMs
  for (;;) {
    const value = await condition()
    if (value) return value
    if (performance.now() > deadline) throw new Error(`after ${limitMs / 1000} s not yet: ${what()}`)
    await delay(10)
  }
}

/** Processes whose parent is `pid`: [{ pid, state, name }]. */
function childrenOf (pid) {
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((child) => {
    try {
      const [, name, state, parent] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(fs.readFileSync(`/proc/${child}/stat`, 'utf8'))
      return Number(parent) === pid ? [{ pid: Number(child), state, name }] : []
    } catch {
      // It has ended meanwhile.
      return []
    }
  })
}

/** What a process holds that a capture takes: descriptors of files and pipes, and heapkit's threads. */
function holdings (pid) {
  const list = (what, read) => fs.readdirSync(`/proc/${pid}/${what}`).flatMap((id) => {
    try {
      return [read(`/proc/${pid}/${what}/${id}`)]
    } catch {
      return []
    }
  })
  const files = list('fd', (link) => fs.readlinkSync(link)).filter((target) => target.startsWith('/') || target.startsWith('pipe:'))
  const threads = list('task', (task) => fs.readFileSync(`${task}/comm`, 'utf8').trim()).filter((name) => name.startsWith('heapkit'))
  return { files: files.length, threads: threads.length }
}

/** Artifacts in `dir` are whole; answers how many there are. Removes them. */
function takeArtifacts (dir) {
  const names = fs.readdirSync(dir)
  for (const name of names) {
    if (name.endsWith('.partial')) throw new Error(`${name} was left behind`)
    const file = path.join(dir, name)
    try {
      JSON.parse(zlib.gunzipSync(fs.readFileSync(file)))
    } catch (error) {
      throw new Error(`${name} is not whole: ${error.message}`)
    }
    fs.unlinkSync(file)
  }
  return names.length
}

/** What must hold when all is over: no child, nothing of a capture in the directory or the process, and the next capture works. */
async function mustBeClean (service, { dir, before }) {
  await until(() => childrenOf(service.pid).length === 0, () => `the service's children to be gone: ${JSON.stringify(childrenOf(service.pid))}`, GONE_WITHIN_MS)
  // An interrupted capture ends a moment after its promise.
  await until(() => !fs.readdirSync(dir).some((name) => name.endsWith('.partial')), () => `temporaries to be gone: ${fs.readdirSync(dir)}`, GONE_WITHIN_MS)
  takeArtifacts(dir)
  for (const kind of ['fork', 'inline', 'sampling', 'cpu', 'timeline']) await service.ask('capture', { kind, options: { dir } })
  const delivered = takeArtifacts(dir)
  if (delivered !== 5) throw new Error(`the next five captures left ${delivered} files`)
  const isBack = () => {
    const { files, threads } = holdings(service.pid)
    return files <= before.files && threads <= before.threads
  }
  await until(isBack, () => `descriptors and threads to be back to ${JSON.stringify(before)}: ${JSON.stringify(holdings(service.pid))}`)
  if (service.stderr() !== '') throw new Error(`the service said: ${service.stderr()}`)
}

/** A service that has captured once, with what it holds since then. */
async function warmService (node, dir) {
  const service = await startService(node)
  for (const kind of ['fork', 'inline', 'inline stream', 'sampling', 'cpu', 'timeline']) await service.ask('capture', { kind, options: { dir } })
  takeArtifacts(dir)
  return { service, before: holdings(service.pid) }
}

module.exports = { startService, warmService, mustBeClean, until, childrenOf, takeArtifacts, GONE_WITHIN_MS }
