'use strict'

// What scripts/runtimes.js lets a runtime do, by name: `RUNTIME acts.js NAME DIR FILE`. Prints what came of it as JSON: { value }, or the { code, message } of an error.

const assert = require('node:assert/strict')
const { subscribe } = require('node:diagnostics_channel')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const zlib = require('node:zlib')
const { Worker, isMainThread, parentPort, workerData } = require('node:worker_threads')

const TOKEN = 'a-token-that-is-long-enough'

class Marker {}

/** Something that a snapshot has to show. */
const marked = Array.from({ length: 10 }, () => new Marker())

/** Not before it is asked for: scripts/runtimes.js wants the names alone. */
const load = () => require('../..')

async function whole ({ path, bytes }) {
  assert.equal(fs.statSync(path).size, bytes)
  assert.ok(JSON.parse(zlib.gunzipSync(fs.readFileSync(path))))
  return bytes
}

async function snapshot (options) {
  const artifact = await load().takeSnapshot(options)
  const graph = await load().openSnapshot(artifact.path)
  const { classes } = await graph.summary({ top: 1000 })
  assert.equal(classes.find(({ name }) => name === Marker.name).count, marked.length)
  graph.close()
  return await whole(artifact)
}

function session (start) {
  return async (dir) => await whole(await load()[start]().stop({ dir }))
}

async function signal (capture, options) {
  let answer
  const artifact = new Promise((resolve, reject) => { answer = { onArtifact: resolve, onError: reject } })
  const trigger = load().onSignal('SIGUSR2', capture, { ...options, ...answer })
  // A listener for a signal does not keep the process alive.
  const alive = setInterval(() => {}, 1000)
  try {
    process.kill(process.pid, 'SIGUSR2')
    return await whole(await artifact)
  } finally {
    trigger.dispose()
    clearInterval(alive)
  }
}

/** What heapkit/register was told by variables: it was loaded before this file. */
async function registered () {
  const alive = setInterval(() => {}, 1000)
  try {
    const end = new Promise((resolve, reject) => {
      subscribe('heapkit:capture:end', ({ artifact }) => resolve(artifact))
      process.on('warning', reject)
    })
    process.kill(process.pid, 'SIGUSR2')
    return await whole(await end)
  } finally {
    clearInterval(alive)
  }
}

function request (method, path, status) {
  return async (dir) => {
    const server = http.createServer(load().createHandler({ token: TOKEN, dir }))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, { method, headers: { authorization: `Bearer ${TOKEN}` } })
      const body = await response.json()
      if (body.code) throw Object.assign(new Error(body.detail), { code: body.code })
      assert.equal(response.status, status)
      return Object.keys(body).length
    } finally {
      server.close()
      server.closeAllConnections()
    }
  }
}

async function inWorker (dir) {
  const worker = new Worker(__filename, { workerData: dir })
  const [{ bytes, threadId, code, message }] = await once(worker, 'message')
  await once(worker, 'exit')
  if (code) throw Object.assign(new Error(message), { code })
  assert.ok(threadId > 0)
  return bytes
}

const ACTS = {
  load: async () => Object.keys(load()).length,
  configure: async (dir) => load().configure({ dir, maxFiles: 100 }) ?? null,
  list: async (dir) => (await load().listArtifacts(dir)).length,
  open: async (dir, file) => {
    const graph = await load().openSnapshot(file)
    const { suspects } = await graph.suspects()
    assert.ok((await graph.retainers('@1')).length > 0 || suspects)
    graph.close()
    return (await load().diffSnapshots([file, file])).snapshots.length
  },
  'GET /status': request('GET', '/status', 200),
  'GET /artifacts': request('GET', '/artifacts', 200),
  snapshot: async (dir) => await snapshot({ dir, mode: 'auto' }),
  fork: async (dir) => await snapshot({ dir, mode: 'fork' }),
  redacted: async (dir) => {
    const { path, bytes } = await load().takeSnapshot({ dir, redact: true })
    assert.ok(!zlib.gunzipSync(fs.readFileSync(path)).includes(TOKEN))
    return bytes
  },
  stream: async () => {
    const chunks = []
    for await (const chunk of load().createSnapshotStream()) chunks.push(chunk)
    return JSON.parse(zlib.gunzipSync(Buffer.concat(chunks))).snapshot.node_count
  },
  sampling: session('startSampling'),
  cpu: session('startCpuProfile'),
  timeline: session('startTimeline'),
  signal: async (dir) => await signal('snapshot', { dir }),
  'signal: cpu': async (dir) => await signal('cpu', { dir, seconds: 1 }),
  register: registered,
  worker: inWorker,
  'POST /snapshot': request('POST', '/snapshot', 201),
  'POST /cpu': request('POST', '/cpu?seconds=0.1', 201),
  'POST /sampling': request('POST', '/sampling?seconds=0.1', 201),
  'POST /timeline': request('POST', '/timeline?seconds=0.1', 201)
}

async function act (name, dir, file) {
  try {
    return { value: await ACTS[name](dir, file) }
  } catch ({ code, message, stack }) {
    return { code, message, stack }
  }
}

if (require.main === module && isMainThread) {
  const [name, dir, file] = process.argv.slice(2)
  act(name, dir, file).then((outcome) => console.log(JSON.stringify(outcome)))
} else if (!isMainThread) {
  load().takeSnapshot({ dir: workerData })
    .then((artifact) => parentPort.postMessage(artifact), ({ code, message }) => parentPort.postMessage({ code, message }))
}

module.exports = { ACTS }
