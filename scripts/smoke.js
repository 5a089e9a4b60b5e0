'use strict'

// What heapkit does, once, on the Node that runs this: every capture, in each compression and mode, by code, signal, HTTP and in a worker thread, and
// what is read out of it. It needs nothing but heapkit and Node, not even Node's test runner, and so runs where the tests do not: on the lowest Node, and
// under emulation.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const os = require('node:os')
const path = require('node:path')
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')
const zlib = require('node:zlib')
const heapkit = require('..')
const { glibcVersion } = require('./targets')

const COMMAND = path.join(__dirname, '..', 'bin', 'heapkit.js')
const TOKEN = 'a-token-that-is-long-enough'
const done = []
/** How many files there must be. */
let written = 0

class Marker {}

/** Something that a snapshot has to show. */
const marked = Array.from({ length: 10 }, () => new Marker())

function work () {
  const until = Date.now() + 50
  let text = ''
  while (Date.now() < until) text += Math.sqrt(text.length)
  return text.length
}

function parsed (bytes, compression) {
  return JSON.parse(compression === 'gzip' ? zlib.gunzipSync(bytes) : bytes)
}

/** A capture whose artifact is a whole file. */
async function capture (what, taken) {
  const artifact = await taken
  assert.equal(fs.statSync(artifact.path).size, artifact.bytes, what)
  if (artifact.compression !== 'zstd') parsed(fs.readFileSync(artifact.path), artifact.compression)
  done.push(what)
  written++
  return artifact
}

async function snapshots (dir) {
  const modes = process.platform === 'linux' ? ['fork', 'inline'] : ['inline']
  const files = []
  for (const mode of modes) {
    for (const compression of ['gzip', 'zstd', 'none']) {
      const artifact = await capture(`${mode} snapshot, ${compression}`, heapkit.takeSnapshot({ dir, mode, compression }))
      assert.equal(artifact.mode, mode)
      files.push(artifact.path)
    }
  }
  await capture('snapshot with stableIds', heapkit.takeSnapshot({ dir, stableIds: true }))
  const redacted = await capture('redacted snapshot', heapkit.takeSnapshot({ dir, redact: true }))
  assert.ok(!zlib.gunzipSync(fs.readFileSync(redacted.path)).includes(TOKEN))
  const chunks = []
  for await (const chunk of heapkit.createSnapshotStream()) chunks.push(chunk)
  assert.ok(parsed(Buffer.concat(chunks), 'gzip').snapshot)
  done.push('stream of a snapshot')
  for (const file of files) {
    const graph = await heapkit.openSnapshot(file)
    const { classes } = await graph.summary({ top: 1000 })
    assert.equal(classes.find(({ name }) => name === Marker.name)?.count, marked.length, file)
    await graph.retainers(Marker.name)
    graph.close()
  }
  await heapkit.diffSnapshots(files.slice(0, 2))
  done.push('summary, retainers, diff')
}

async function sessions (dir) {
  for (const start of [heapkit.startSampling, heapkit.startCpuProfile, heapkit.startTimeline]) {
    const session = start()
    work()
    if (session.capture) await capture(`${start.name}, capture()`, session.capture({ dir }))
    await capture(start.name, session.stop({ dir }))
    if (Symbol.asyncDispose) await start()[Symbol.asyncDispose]()
  }
}

async function signal (dir) {
  if (process.platform === 'win32') return
  let trigger
  const artifact = new Promise((resolve, reject) => {
    trigger = heapkit.onSignal('SIGUSR2', 'snapshot', { dir, onArtifact: resolve, onError: reject })
  })
  // A listener for a signal does not keep the process alive.
  const alive = setInterval(() => {}, 1000)
  process.kill(process.pid, 'SIGUSR2')
  await capture('signal', artifact)
  trigger.dispose()
  clearInterval(alive)
}

async function overHttp (dir) {
  const server = http.createServer(heapkit.createHandler({ token: TOKEN, dir }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const headers = { authorization: `Bearer ${TOKEN}` }
  for (const route of ['/snapshot', '/cpu?seconds=0.1', '/sampling?seconds=0.1', '/timeline?seconds=0.1']) {
    const request = http.request({ port: server.address().port, method: 'POST', path: route, headers }).end()
    const [response] = await once(request, 'response')
    let text = ''
    for await (const chunk of response) text += chunk
    assert.equal(response.statusCode, 201, text)
    done.push(`POST ${route.split('?')[0]}`)
    written++
  }
  server.close()
}

async function inWorker (dir) {
  const [{ path: file, threadId }] = await once(new Worker(__filename, { workerData: dir }), 'message')
  assert.ok(threadId > 0)
  await capture('snapshot in a worker thread', { path: file, bytes: fs.statSync(file).size, compression: 'gzip' })
}

async function main () {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-smoke-'))
  try {
    for (const part of [snapshots, sessions, signal, overHttp, inWorker]) await part(dir)
    const listed = await heapkit.listArtifacts(dir)
    assert.equal(listed.length, written)
    const [{ path: newest }] = listed.filter(({ format }) => format === 'heapsnapshot')
    for (const args of [['list', dir], ['summary', newest]]) execFileSync(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    done.push('listArtifacts, the command')
    for (const session of [heapkit.startSampling(), heapkit.startCpuProfile()]) {
      for (let proto = session; proto; proto = Object.getPrototypeOf(proto)) assert.ok(!Object.hasOwn(proto, 'undefined'), 'a method that no Node has a symbol for')
      await session.stop({ dir })
    }
    const glibc = glibcVersion()
    const libc = process.platform === 'linux' ? `, ${glibc ? `glibc ${glibc}` : 'musl'}` : ''
    console.log(`smoke: Node ${process.versions.node}, ${process.platform}-${process.arch}${libc}: ${done.length} held\n  ${done.join('; ')}`)
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

if (isMainThread) main()
else heapkit.takeSnapshot({ dir: workerData }).then((artifact) => parentPort.postMessage(artifact))
