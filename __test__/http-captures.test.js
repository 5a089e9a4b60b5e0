'use strict'

// Captures over HTTP: what each route answers, one at a time, and nothing left of what its client no longer waits for.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { test } = require('node:test')
const { threadId } = require('node:worker_threads')
const zlib = require('node:zlib')
const { linux } = require('./needs')
const { tmpDir, ls, run, until, readArtifact, parseSnapshot, countObjects, heapkitError } = require('./support')
const { createHandler, createSnapshotStream, takeSnapshot, startTimeline, startSampling, stopSampling, startCpuProfile } = require('..')
const { TOKEN, client, listen, serve, nextEvent } = require('./http-support')

const BUSY = 'HEAPKIT_ERR_BUSY'

class Planted {}
globalThis.planted = Array.from({ length: 123 }, () => new Planted())

function assertProblem (answer, status, code) {
  assert.equal(answer.status, status, answer.body.toString())
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  const problem = answer.json()
  assert.equal(problem.code, code)
  return problem
}

function assertTooMany (answer, detail) {
  const problem = assertProblem(answer, 429, BUSY)
  assert.match(problem.detail, detail)
  const seconds = Number(answer.headers['retry-after'])
  assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, answer.headers['retry-after'])
}

/** The capture that status tells of is over, and others can be started again. */
async function assertFree (request, dir) {
  await until(async () => (await request('GET', '/status')).json().capture === null, 'the end of the capture')
  assert.equal((await request('GET', '/status')).json().sampling, null)
  // Nothing of the cancelled capture is there, not even for a moment more than its clean-up takes.
  await until(() => ls(dir).length === 0, 'an empty directory')
  for (const start of [startCpuProfile, startSampling]) await start()[Symbol.asyncDispose]()
  assert.equal((await request('POST', '/cpu?seconds=0.01')).status, 201)
}

/** The next heavy capture works as well. */
async function assertHeavyWorks (t) {
  const other = await serve(t)
  assert.equal((await other.request('POST', '/snapshot?download=1')).status, 200)
}

// --- what they answer ---

test('POST /snapshot?redact=1 keeps no content of a string, downloaded or not', async (t) => {
  const { request, dir } = await serve(t)
  globalThis.secretOfTheTest = Buffer.from(['wombat', 'passphrase'].join(' ')).toString('latin1')
  t.after(() => delete globalThis.secretOfTheTest)
  const artifact = (await request('POST', '/snapshot?redact=1')).json()
  assert.ok(artifact.redacted.replacedContents > 0)
  assert.ok(!zlib.gunzipSync(fs.readFileSync(path.join(dir, artifact.name))).includes('wombat passphrase'))
  const download = await request('POST', '/snapshot?redact=1&download=1', { headers: { 'accept-encoding': 'gzip' } })
  assert.ok(!zlib.gunzipSync(download.body).includes('wombat passphrase'))
  const plain = (await request('POST', '/snapshot?redact=0')).json()
  assert.ok(zlib.gunzipSync(fs.readFileSync(path.join(dir, plain.name))).includes('wombat passphrase'))
  assert.equal((await request('POST', '/snapshot?redact=yes')).status, 400)
})

test('POST /snapshot answers the artifact, and Location leads to it', async (t) => {
  const { request, dir } = await serve(t)
  const answer = await request('POST', '/snapshot')
  assert.equal(answer.status, 201)
  assert.equal(answer.headers['content-type'], 'application/json')
  assert.equal(answer.headers['cache-control'], 'no-store')
  const artifact = answer.json()
  assert.deepEqual(ls(dir), [artifact.name])
  assert.equal(artifact.path, path.join(dir, artifact.name))
  assert.deepEqual([artifact.kind, artifact.format, artifact.mode], ['snapshot', 'heapsnapshot', process.platform === 'linux' ? 'fork' : 'inline'])
  const text = readArtifact(artifact)
  assert.equal(countObjects(parseSnapshot(text), 'Planted'), 123)

  assert.equal(answer.headers.location, `/artifacts/${artifact.name}`)
  const fetched = await request('GET', answer.headers.location, { headers: { 'accept-encoding': 'gzip' } })
  assert.equal(zlib.gunzipSync(fetched.body).toString(), text)
})

for (const [accept, encoding, type, extension] of [['gzip', 'gzip', 'application/json', ''], ['identity', undefined, 'application/gzip', '.gz']]) {
  test(`POST /snapshot?download=1 streams it to a client that accepts ${accept}, and leaves no file`, async (t) => {
    const { request, dir } = await serve(t)
    const ended = nextEvent('end')
    const answer = await request('POST', '/snapshot?download=1', { headers: { 'accept-encoding': accept } })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['content-encoding'], encoding)
    assert.equal(answer.headers['content-type'], type)
    const saved = `heapsnapshot${extension}`
    assert.match(answer.headers['content-disposition'],
      new RegExp(`^attachment; filename="Heap\\.\\d{8}\\.\\d{6}\\.${process.pid}\\.0\\.\\d{3}\\.${saved}"$`))
    const snapshot = parseSnapshot(zlib.gunzipSync(answer.body).toString())
    assert.equal(countObjects(snapshot, 'Planted'), 123)
    assert.equal((await ended).artifact.bytes, answer.body.length)
    assert.deepEqual(ls(dir), [])
  })
}

test('a download without compression is plain JSON', async (t) => {
  const { request } = await serve(t, { compression: 'none' })
  const answer = await request('POST', '/snapshot?download', { headers: { 'accept-encoding': 'gzip' } })
  assert.equal(answer.headers['content-encoding'], undefined)
  assert.equal(answer.headers['content-type'], 'application/json')
  assert.match(answer.headers['content-disposition'], /\.heapsnapshot"$/)
  parseSnapshot(answer.body.toString())
})

for (const [kind, format, query, check] of [
  ['sampling', 'heapprofile', '&sampleInterval=1024&stackDepth=8', (profile) => assert.ok(profile.head)],
  ['cpu', 'cpuprofile', '&sampleInterval=100', (profile) => assert.ok(profile.nodes.length > 0)],
  ['timeline', 'heaptimeline', '&trackAllocations=1', (_, text) => parseSnapshot(text)]
]) {
  test(`POST /${kind}?seconds=N answers the artifact after that time`, async (t) => {
    const { request, dir } = await serve(t)
    const answer = await request('POST', `/${kind}?seconds=0.05${query}`)
    assert.equal(answer.status, 201, answer.body.toString())
    const artifact = answer.json()
    assert.deepEqual([artifact.kind, artifact.format], [kind, format])
    assert.ok(artifact.durationMs >= 49, `${artifact.durationMs} ms`)
    assert.equal(answer.headers.location, `/artifacts/${artifact.name}`)
    assert.deepEqual(ls(dir), [artifact.name])
    const text = readArtifact(artifact)
    check(JSON.parse(text), text)
    assert.equal((await request('GET', '/status')).json().capture, null)
  })
}

test('sampling is started, read and stopped by three requests', async (t) => {
  const { request, dir } = await serve(t)
  const started = await request('POST', '/sampling/start?sampleInterval=4096&stackDepth=32')
  assert.equal(started.status, 201)
  const { kind, startedAt, threadId } = started.json()
  assert.deepEqual([kind, threadId], ['sampling', 0])
  assert.equal((await request('GET', '/status')).json().sampling.startedAt, startedAt)
  const names = []
  for (const path of ['/sampling/capture', '/sampling/capture', '/sampling/stop']) {
    const answer = await request('POST', path)
    assert.equal(answer.status, 201)
    const artifact = answer.json()
    assert.equal(artifact.kind, 'sampling')
    assert.equal(answer.headers.location, `/artifacts/${artifact.name}`)
    JSON.parse(readArtifact(artifact))
    names.push(artifact.name)
  }
  assert.deepEqual(ls(dir), names.sort())
  assert.equal((await request('GET', '/status')).json().sampling, null)
})

test('a session of the program is read and stopped over HTTP, and the other way round', async (t) => {
  const { request, dir } = await serve(t)
  startSampling()
  assert.equal((await request('POST', '/sampling/stop')).status, 201)
  assert.equal((await request('POST', '/sampling/start')).status, 201)
  assert.equal((await stopSampling({ dir })).kind, 'sampling')
})

test('the handler\'s own options hold for what it writes', async (t) => {
  const { request, dir } = await serve(t, { compression: 'none', maxFiles: 2 })
  for (let round = 0; round < 3; round++) assert.equal((await request('POST', '/cpu?seconds=0.01')).json().compression, 'none')
  assert.equal(ls(dir).length, 2)
})

test('the handler\'s mode, memory and maxCpu hold for all that it reads of heaps', { skip: linux('fork') }, async (t) => {
  for (const mode of ['fork', 'inline']) {
    const { request } = await serve(t, { mode, maxCpu: 0.9 })
    assert.equal((await request('POST', '/sampling/start')).status, 201)
    for (const path of ['/timeline?seconds=0.01', '/sampling/capture', '/sampling/stop', '/sampling?seconds=0.01']) {
      assert.equal((await request('POST', path)).json().mode, mode, path)
    }
    assert.equal((await request('POST', '/cpu?seconds=0.01')).json().mode, undefined)
    assertProblem(await request('POST', '/sampling?seconds=0.01&mode=inline'), 400)
  }
  const { request } = await serve(t, { mode: 'fork', memory: { reserveBytes: 2 ** 50 } })
  for (const path of ['/timeline?seconds=0.01', '/sampling?seconds=0.01']) assertProblem(await request('POST', path), 503, 'HEAPKIT_ERR_MEMORY')
  assert.equal((await request('GET', '/status')).json().sampling, null)
})

test('a volume without room is 507, a directory that is a file is 400, and the next capture works', async (t) => {
  const full = await serve(t, { minFreeBytes: 2 ** 50 })
  assertProblem(await full.request('POST', '/snapshot'), 507, 'HEAPKIT_ERR_NO_SPACE')
  assertProblem(await full.request('POST', '/cpu?seconds=0.01'), 507, 'HEAPKIT_ERR_NO_SPACE')
  assert.deepEqual(ls(full.dir), [])

  const file = path.join(tmpDir(t), 'file')
  fs.writeFileSync(file, '')
  const wrong = await serve(t, { dir: file })
  assertProblem(await wrong.request('POST', '/sampling?seconds=0.01'), 400, 'HEAPKIT_ERR_INVALID_OPTION')

  const { request, dir } = await serve(t)
  await assertFree(request, dir)
})

// --- one at a time ---

test('a second capture is 429 with Retry-After, of every kind and on every handler', async (t) => {
  const here = await serve(t)
  const other = await serve(t)
  const { request, start, dir } = here
  const started = nextEvent('start')
  const first = start('POST', '/cpu?seconds=60')
  await started
  const { capture } = (await request('GET', '/status')).json()
  assert.equal(capture.kind, 'cpu')
  assert.ok(capture.endsAt > Date.parse(capture.startedAt))
  for (const path of ['/snapshot', '/snapshot?download=1', '/sampling?seconds=1', '/cpu?seconds=1', '/timeline?seconds=1']) {
    for (const { request } of [here, other]) assertTooMany(await request('POST', path), /cpu/)
  }
  first.destroy()
  await assertFree(request, dir)
})

test('wrong parameters are 400 also while a capture runs', async (t) => {
  const { request, start, dir } = await serve(t)
  const started = nextEvent('start')
  const first = start('POST', '/sampling?seconds=60')
  await started
  assert.equal((await request('POST', '/cpu?seconds=-1')).status, 400)
  first.destroy()
  await assertFree(request, dir)
})

test('a timeline of the program makes heavy captures 429, and only those', async (t) => {
  const { request, dir } = await serve(t)
  const timeline = startTimeline()
  for (const path of ['/snapshot', '/snapshot?download=1', '/timeline?seconds=1']) {
    assertTooMany(await request('POST', path), /timeline.*thread 0/)
  }
  for (const path of ['/cpu?seconds=0.01', '/sampling?seconds=0.01']) assert.equal((await request('POST', path)).status, 201)
  await timeline[Symbol.asyncDispose]()
  assert.deepEqual(ls(dir).map((name) => name.split('.')[6]), ['cpuprofile', 'heapprofile'])
  assert.equal((await request('POST', '/snapshot?download=1')).status, 200)
})

test('an operator ends what is under way, whoever began it', async (t) => {
  const { request, dir } = await serve(t)
  assert.equal((await request('DELETE', '/capture')).status, 404)

  // Of a handler.
  const started = nextEvent('start')
  const asked = request('POST', '/cpu?seconds=60')
  await started
  const { capture } = (await request('GET', '/status')).json()
  assert.ok(capture.ageMs >= 0 && capture.kind === 'cpu' && capture.threadId === threadId)
  const { ended } = (await request('DELETE', '/capture')).json()
  assert.equal(ended.startedAt, capture.startedAt)
  assert.ok(ended.ageMs >= capture.ageMs)
  assert.match((await asked).json().detail, /an operator ended it/)
  assert.equal((await request('GET', '/status')).json().capture, null)

  // Of the program: a stream that nobody reads and a snapshot, which no request can reach where V8 takes it on this thread; a timeline.
  if (!linux('fork')) {
    const stream = createSnapshotStream({ dir })
    const failed = once(stream, 'error')
    assert.equal((await request('DELETE', '/capture')).json().ended.kind, 'snapshot')
    assert.match((await failed)[0].message, /an operator ended it/)
    const snapshot = takeSnapshot({ dir })
    const rejected = assert.rejects(snapshot, heapkitError('HEAPKIT_ERR_ABORTED', /an operator ended it/))
    assert.equal((await request('DELETE', '/capture')).json().ended.kind, 'snapshot')
    await rejected
  }
  const session = startTimeline()
  assert.equal((await request('DELETE', '/capture')).json().ended.kind, 'timeline')
  await assert.rejects(session.stop({ dir }), heapkitError('HEAPKIT_ERR_NOT_ACTIVE'))
  assert.equal((await request('DELETE', '/capture')).status, 404)
  assert.deepEqual(ls(dir), [])
  await takeSnapshot({ dir })
})

test('a snapshot of the program makes another one 429', async (t) => {
  let own
  // Started when the request is there already, so that V8 cannot be done before it is looked at.
  const { request, dir } = await serve(t, { authorize: () => { own ??= takeSnapshot({ dir }); return true } })
  assertTooMany(await request('POST', '/snapshot'), /snapshot.*thread 0/)
  const { path: file } = await own
  assert.deepEqual(ls(dir), [path.basename(file)])
  assert.equal((await request('POST', '/snapshot?download=1')).status, 200)
})

test('a sampling session that conflicts is 409', async (t) => {
  const { request, dir } = await serve(t)
  for (const path of ['/sampling/stop', '/sampling/capture']) assertProblem(await request('POST', path), 409, 'HEAPKIT_ERR_NOT_ACTIVE')
  assert.equal((await request('POST', '/sampling/start')).status, 201)
  assertProblem(await request('POST', '/sampling/start'), 409, BUSY)
  assertProblem(await request('POST', '/sampling?seconds=1'), 409, BUSY)
  // It conflicts with nothing else.
  assert.equal((await request('POST', '/cpu?seconds=0.01')).status, 201)
  assert.equal((await request('POST', '/sampling/stop')).status, 201)
  assertProblem(await request('POST', '/sampling/stop'), 409, 'HEAPKIT_ERR_NOT_ACTIVE')
  assert.equal(ls(dir).length, 2)
})

test('a CPU profile of the program makes POST /cpu 409', async (t) => {
  const { request } = await serve(t)
  const session = startCpuProfile()
  assertProblem(await request('POST', '/cpu?seconds=1'), 409, BUSY)
  await session[Symbol.asyncDispose]()
  assert.equal((await request('POST', '/cpu?seconds=0.01')).status, 201)
})

test('with snapshots disabled, heavy captures are 403 and the others work', async (t) => {
  const child = run(t, 'http-server.js', { env: { HEAPKIT_DISABLE_SNAPSHOTS: '1', TOKEN, DIR: tmpDir(t) } })
  const [, port] = await child.line(/^port (\d+)$/m)
  const { request } = client(Number(port))
  for (const path of ['/snapshot', '/snapshot?download=1', '/timeline?seconds=0.01']) {
    assertProblem(await request('POST', path), 403, 'HEAPKIT_ERR_DISABLED')
  }
  for (const path of ['/cpu?seconds=0.01', '/sampling?seconds=0.01']) assert.equal((await request('POST', path)).status, 201)
  const status = (await request('GET', '/status')).json()
  assert.deepEqual([status.snapshotsDisabled, status.capture], [true, null])
})

// --- a client that goes away ---

// Compresses so hard that a snapshot cannot be complete before the closed connection is seen.
const SLOW = { compression: 'zstd', level: 15 }

for (const path of ['/cpu?seconds=60', '/sampling?seconds=60', '/timeline?seconds=60']) {
  test(`a client that goes away cancels its POST ${path}`, async (t) => {
    const { request, start, dir } = await serve(t)
    const started = nextEvent('start')
    const req = start('POST', path)
    await started
    req.destroy()
    await assertFree(request, dir)
  })
}

for (const path of ['/snapshot', '/snapshot?download=1']) {
  test(`a client that goes away at once cancels its POST ${path}`, async (t) => {
    const { request, start, dir } = await serve(t, SLOW)
    const started = nextEvent('start')
    const failed = nextEvent('error')
    const req = start('POST', path)
    await started
    req.destroy()
    assert.equal((await failed).error.code, 'HEAPKIT_ERR_ABORTED')
    await assertFree(request, dir)
    if (path === '/snapshot') await assertHeavyWorks(t)
  })
}

test('a client that goes away in the middle of a download cancels it', async (t) => {
  const { request, start, dir } = await serve(t, SLOW)
  const failed = nextEvent('error')
  const req = start('POST', '/snapshot?download=1')
  const res = await new Promise((resolve) => req.once('response', resolve))
  res.on('error', () => {})
  assert.equal(res.statusCode, 200)
  await new Promise((resolve) => res.once('data', resolve))
  req.destroy()
  assert.equal((await failed).error.code, 'HEAPKIT_ERR_ABORTED')
  await assertFree(request, dir)
  await assertHeavyWorks(t)
})

test('a client that goes away cancels a download that waits behind another answer of its connection', async (t) => {
  const handler = createHandler({ token: TOKEN, dir: tmpDir(t), ...SLOW })
  // The first answer never comes, so the second response never gets the connection.
  const { port, request } = await listen(t, (req, res) => req.url === '/never' || handler(req, res))
  const started = nextEvent('start')
  const failed = nextEvent('error')
  const head = `Host: heapkit\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`
  const socket = net.connect(port, '127.0.0.1', () => socket.write(`GET /never HTTP/1.1\r\n${head}POST /snapshot?download=1 HTTP/1.1\r\n${head}`))
  await started
  socket.destroy()
  assert.equal((await failed).error.code, 'HEAPKIT_ERR_ABORTED')
  await until(async () => (await request('GET', '/status')).json().capture === null, 'the end of the capture')
  await assertHeavyWorks(t)
})

test('a client that went away does not cancel what others started', async (t) => {
  const { request, start } = await serve(t)
  assert.equal((await request('POST', '/sampling/start')).status, 201)
  const started = nextEvent('start')
  const req = start('POST', '/cpu?seconds=60')
  await started
  req.destroy()
  await until(async () => (await request('GET', '/status')).json().capture === null)
  assert.equal((await request('POST', '/sampling/stop')).status, 201)
})
