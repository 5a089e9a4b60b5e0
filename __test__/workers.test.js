'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { once } = require('node:events')
const { test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { listArtifacts, startCpuProfile, startSampling, startTimeline, takeSnapshot } = require('..')
const { FIXTURES, tmpDir, ls, readArtifact, parseSnapshot, countObjects, run, until, heapkitError } = require('./support')

class PlantedInMain {}
globalThis.planted = new PlantedInMain()

/** Starts a worker; see the fixture. `message` and `exit` are promises. */
function start (t, does, dir) {
  const flags = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(path.join(FIXTURES, 'workers-thread.js'), { workerData: { does, dir, flags } })
  t.after(() => worker.terminate())
  const message = once(worker, 'message').then(([message]) => message)
  const exit = once(worker, 'exit').then(([code]) => code)
  // A test waits for what it is about.
  message.catch(() => {})
  exit.catch(() => {})
  return {
    worker,
    message,
    exit,
    isThere: () => until(() => Atomics.load(flags, 0), `the worker in the middle of its ${does}`),
    go: () => {
      Atomics.store(flags, 1, 1)
      Atomics.notify(flags, 1)
    }
  }
}

/** This thread lives, nothing is left of what was there before, and the next capture works: the place for snapshots is free. */
async function worksIn (dir, capture = takeSnapshot) {
  assert.deepEqual(ls(dir), [])
  const artifact = await capture({ dir })
  JSON.parse(readArtifact(artifact))
  assert.deepEqual(ls(dir), [path.basename(artifact.path)])
}

test('every capture works in a worker, of its own heap and under its own thread id', async (t) => {
  const dir = tmpDir(t)
  const thread = start(t, 'all', dir)
  const { threadId, outcome, error } = await thread.message
  assert.equal(error, undefined)
  assert.notEqual(threadId, 0)
  assert.deepEqual(outcome.map(({ kind }) => kind), ['sampling', 'snapshot', 'timeline', 'cpu'])
  for (const artifact of outcome) {
    assert.equal(artifact.threadId, threadId)
    assert.equal(artifact.pid, process.pid)
    assert.match(path.basename(artifact.path), new RegExp(`^(Heap|CPU)\\.\\d{8}\\.\\d{6}\\.${process.pid}\\.${threadId}\\.\\d{3,}\\.`))
  }
  const [sampling, snapshot, timeline, cpu] = outcome.map((artifact) => readArtifact(artifact))
  assert.ok(JSON.parse(sampling).head)
  const heap = parseSnapshot(snapshot)
  assert.equal(countObjects(heap, 'PlantedInWorker'), 123)
  assert.equal(countObjects(heap, 'PlantedInMain'), 0)
  assert.ok(parseSnapshot(timeline).samples.length > 0)
  assert.ok(JSON.parse(cpu).nodes.length > 0)
  const listed = await listArtifacts(dir)
  assert.deepEqual(new Set(listed.map((one) => one.threadId)), new Set([threadId]))
  assert.equal(await thread.exit, 0)
})

test('a worker that is terminated in the middle of writing a snapshot leaves nothing', async (t) => {
  const dir = tmpDir(t)
  const thread = start(t, 'snapshot', dir)
  await thread.isThere()
  await until(() => ls(dir).some((name) => fs.statSync(path.join(dir, name)).size > 0), 'a partial file')
  await assert.rejects(takeSnapshot({ dir }), heapkitError('HEAPKIT_ERR_BUSY', /in thread \d+ since/))
  assert.equal(await thread.worker.terminate(), 1)
  await worksIn(dir)
})

for (const [does, next] of [
  ['sampling', (output) => startSampling().stop(output)],
  ['timeline', (output) => startTimeline().stop(output)],
  ['cpu', (output) => startCpuProfile().stop(output)]
]) {
  test(`a worker that is terminated with a running ${does} session leaves nothing`, async (t) => {
    const dir = tmpDir(t)
    const thread = start(t, does, dir)
    await thread.isThere()
    if (does === 'timeline') assert.throws(() => startTimeline(), heapkitError('HEAPKIT_ERR_BUSY'))
    assert.equal(await thread.worker.terminate(), 1)
    await worksIn(dir, next)
  })
}

test('a worker that calls process.exit() in the middle of a snapshot ends with its code and leaves nothing', async (t) => {
  const dir = tmpDir(t)
  assert.equal(await start(t, 'snapshotThenExit', dir).exit, 3)
  await worksIn(dir)
})

for (const where of ['main', 'worker']) {
  for (const what of ['snapshot', 'sampling', 'timeline', 'cpu']) {
    test(`process.exit() exits with its code while the ${where} thread captures: ${what}`, async (t) => {
      const dir = tmpDir(t)
      const child = run(t, 'workers-exit.js', { args: [dir, where, what] })
      assert.deepEqual(await child.exit, { code: 7, signal: null })
      assert.equal(child.stderr(), '')
      assert.deepEqual(ls(dir), [])
    })
  }
}

test('while one thread takes a snapshot another one is refused, and the first is not disturbed', async (t) => {
  const dir = tmpDir(t)
  const thread = start(t, 'snapshot', dir)
  await thread.isThere()
  await assert.rejects(takeSnapshot({ dir }), heapkitError('HEAPKIT_ERR_BUSY', /one at a time in a process/))
  assert.throws(() => startTimeline(), heapkitError('HEAPKIT_ERR_BUSY', /snapshot is under way/))
  // Light captures go on.
  const sampling = await startSampling().stop({ dir })
  thread.go()
  const { outcome } = await thread.message
  assert.equal(countObjects(parseSnapshot(readArtifact(outcome)), 'PlantedInWorker'), 123)
  await thread.exit
  const own = await takeSnapshot({ dir })
  const heap = parseSnapshot(readArtifact(own))
  assert.equal(countObjects(heap, 'PlantedInMain'), 1)
  assert.equal(countObjects(heap, 'PlantedInWorker'), 0)
  assert.deepEqual(ls(dir), [sampling, outcome, own].map((artifact) => path.basename(artifact.path)).sort())
})

test('a worker is refused while the main thread records a timeline', async (t) => {
  const dir = tmpDir(t)
  const holder = startTimeline()
  const thread = start(t, 'race', dir)
  thread.go()
  const { error, threadId } = await thread.message
  assert.equal(error.code, 'HEAPKIT_ERR_BUSY')
  assert.match(error.message, /A timeline is under way in thread 0 /)
  assert.notEqual(threadId, 0)
  await thread.exit
  await holder[Symbol.asyncDispose]()
  assert.deepEqual(ls(dir), [])
})

test('of two threads that start a snapshot together one may be refused, never both, and nothing crashes', async (t) => {
  const dir = tmpDir(t)
  for (let round = 0; round < 2; round++) {
    const thread = start(t, 'race', dir)
    await thread.isThere()
    thread.go()
    const [own, { outcome, error }] = await Promise.all([takeSnapshot({ dir }).catch((error) => error), thread.message])
    const theirs = outcome ?? error
    const refused = [own, theirs].filter((one) => one.code === 'HEAPKIT_ERR_BUSY')
    const taken = [own, theirs].filter((one) => one.kind === 'snapshot')
    assert.equal(refused.length + taken.length, 2)
    assert.ok(taken.length >= 1)
    for (const artifact of taken) JSON.parse(readArtifact(artifact))
    await thread.exit
  }
})

test('many workers load the addon and capture at once', async (t) => {
  const dir = tmpDir(t)
  const threads = Array.from({ length: 8 }, () => start(t, 'light', dir))
  const messages = await Promise.all(threads.map(({ message }) => message))
  assert.deepEqual(messages.map(({ error }) => error), messages.map(() => undefined))
  const artifacts = messages.flatMap(({ threadId, outcome }) => {
    assert.deepEqual(outcome.map((one) => [one.kind, one.threadId]), [['sampling', threadId], ['cpu', threadId]])
    return outcome
  })
  assert.equal(new Set(messages.map(({ threadId }) => threadId)).size, 8)
  for (const artifact of artifacts) JSON.parse(readArtifact(artifact))
  assert.deepEqual(ls(dir), artifacts.map((artifact) => path.basename(artifact.path)).sort())
  assert.deepEqual(await Promise.all(threads.map(({ exit }) => exit)), threads.map(() => 0))
})

test('many workers that are terminated at once leave nothing', async (t) => {
  const dir = tmpDir(t)
  const threads = ['snapshot', 'sampling', 'cpu', 'sampling', 'cpu'].map((does) => start(t, does, dir))
  await Promise.all(threads.map((thread) => thread.isThere()))
  await Promise.all(threads.map(({ worker }) => worker.terminate()))
  await worksIn(dir)
})
