'use strict'

// Sessions that count all that was allocated: what they say is true, also after V8 has begun anew, which it does before it holds too much, and whatever fails.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { Worker } = require('node:worker_threads')
const { openProfile, startSampling, startTimeline } = require('..')
const { Pace } = require('../lib/captures/pace')
const { Sampler } = require('../lib/captures/sampler')
const { postSync } = require('../lib/inspector')
const { ForkedWork } = require('../lib/native')
const { deferred } = require('../lib/promises')
const shared = require('../lib/shared')
const { linux, nodeBefore, nodeFrom } = require('./needs')
const { tmpDir, readArtifact, run, until, heapkitError } = require('./support')

// An array's 32 bytes, and 16 and 8 for each of its places.
const PLACES = 57
const BYTES = 32 + 16 + 8 * PLACES
/** In 1024, V8 begins anew about every 16 MiB; it is looked at once a second. */
const SMALL = { allocations: true, sampleInterval: 16 * 1024, maxSamples: 1000 }

/** Each is dead when the next one is made. */
function allocateOrders (count) {
  for (let index = 0; index < count; index++) globalThis.last = new Array(PLACES)
}

async function begin (t, options) {
  const session = startSampling(options)
  t.after(() => session[Symbol.asyncDispose]())
  return session
}

/** What a file says that a function allocated. */
async function allocated ({ path: file }, name = 'allocateOrders') {
  const profile = await openProfile(file)
  const { name: type, rows } = await profile.top({ top: 1000 })
  profile.close()
  assert.equal(type, 'alloc_space')
  return rows.find((row) => row.name === name)?.flat ?? 0
}

function assertNear (bytes, expected) {
  assert.ok(Math.abs(bytes / expected - 1) < 0.05, `${bytes} bytes, of ${expected}`)
}

/** Allocates until V8 has begun anew so many times; answers how many objects that were, and the last capture. */
async function untilRotated (session, dir, times) {
  let objects = 0
  for (;;) {
    for (let turn = 0; turn < 50; turn++) {
      allocateOrders(10_000)
      objects += 10_000
      await sleep(10)
    }
    const artifact = await session.capture({ dir })
    if (artifact.allocations.rotations >= times) return { objects, artifact }
  }
}

/** V8's own number of samples. */
const samplesInV8 = () => postSync('HeapProfiler.getSamplingProfile').profile.samples.length

function mock (t, prototype, name, make) {
  const original = prototype[name]
  t.after(() => { prototype[name] = original })
  prototype[name] = make(original)
}

test('a million objects of 500 bytes that die at once: who made them, and how much that was', async (t) => {
  const session = await begin(t, { allocations: true, sampleInterval: 32 * 1024 })
  allocateOrders(1e6)
  const artifact = await session.stop({ dir: tmpDir(t) })
  assert.deepEqual(artifact.allocations, { rotations: 0, pauseMs: 0, uncountedMs: 0 })
  const { valueType, samples } = JSON.parse(readArtifact(artifact))
  assert.deepEqual([valueType, samples.length > 0], ['alloc_space', true])
  assertNear(await allocated(artifact), 1e6 * BYTES)
})

test('what is alive has no word for allocations', async (t) => {
  const session = await begin(t, { sampleInterval: 32 * 1024 })
  allocateOrders(1e5)
  const artifact = await session.stop({ dir: tmpDir(t) })
  assert.equal(artifact.allocations, undefined)
  assert.equal(JSON.parse(readArtifact(artifact)).valueType, undefined)
})

test('V8 begins anew before it holds too much, and every format has all that was counted', async (t) => {
  const dir = tmpDir(t)
  const session = await begin(t, SMALL)
  const { objects, artifact } = await untilRotated(session, dir, 3)
  assertNear(await allocated(artifact), objects * BYTES)
  // 24,000 and more without it.
  const all = objects * BYTES / SMALL.sampleInterval
  const held = samplesInV8()
  assert.ok(held < all / 2, `${held} samples of ${all}`)
  for (const format of ['pprof', 'heapprofile']) assertNear(await allocated(await session.capture({ dir, format })), objects * BYTES)
  const folded = readArtifact(await session.capture({ dir, format: 'folded' })).split('\n').filter((line) => /allocateOrders \([^;]*$/.test(line))
  assertNear(folded.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0), objects * BYTES)
  const stopped = await session.stop({ dir, mode: 'inline' })
  assertNear(await allocated(stopped), objects * BYTES)
  assert.equal(stopped.allocations.uncountedMs, 0)
  assert.ok(stopped.allocations.rotations >= 3 && stopped.allocations.pauseMs > 0)
  assert.throws(samplesInV8, /was not started/)
})

test('where somebody compares ids of objects, or a timeline runs, V8 begins anew without taking them away', async (t) => {
  const dir = tmpDir(t)
  const session = await begin(t, SMALL)
  globalThis.numbered = { here: true }
  // V8 numbers all that there is.
  const timeline = startTimeline()
  t.after(() => timeline[Symbol.asyncDispose]())
  const idOf = () => {
    const { result: { objectId } } = postSync('Runtime.evaluate', { expression: 'numbered' })
    return postSync('HeapProfiler.getHeapObjectId', { objectId }).heapSnapshotObjectId
  }
  const before = idOf()
  const { objects } = await untilRotated(session, dir, 2)
  assert.equal(idOf(), before)
  // It has what was allocated since it began, so it was not ended.
  assert.equal((await timeline.stop({ dir })).kind, 'timeline')
  assertNear(await allocated(await session.stop({ dir })), objects * BYTES)
})

test('a worker counts its own', async (t) => {
  const worker = new Worker(`
    const { startSampling } = require('./index.js')
    const { parentPort, workerData: { options, dir, places } } = require('node:worker_threads')
    const session = startSampling(options)
    function allocateOrders (count) { for (let index = 0; index < count; index++) globalThis.last = new Array(places) }
    let objects = 0
    const work = async () => {
      for (;;) {
        allocateOrders(20_000)
        objects += 20_000
        await new Promise((resolve) => setTimeout(resolve, 10))
        if (objects % 1_000_000 === 0 && (await session.capture({ dir })).allocations.rotations >= 2) break
      }
      parentPort.postMessage({ objects, artifact: await session.stop({ dir }) })
    }
    work()`, { eval: true, workerData: { options: SMALL, dir: tmpDir(t), places: PLACES } })
  const { objects, artifact } = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
  assert.notEqual(artifact.threadId, 0)
  assertNear(await allocated(artifact), objects * BYTES)
})

test('a session is given up while V8 begins anew, and another one starts', async (t) => {
  const session = await begin(t, SMALL)
  let isForked = false
  mock(t, ForkedWork.prototype, 'prepare', (prepare) => function (...given) { isForked = true; return prepare.apply(this, given) })
  await until(() => { allocateOrders(20_000); return isForked || linux('fork') }, 'a child')
  await session[Symbol.asyncDispose]()
  const next = await begin(t, { sampleInterval: 1024 })
  assert.equal((await next.stop({ dir: tmpDir(t) })).allocations, undefined)
})

describe('what a child fails to read', { skip: linux('fork') }, () => {
  test('before V8 has begun anew is read again', async (t) => {
    const dir = tmpDir(t)
    let attempts = 0
    mock(t, ForkedWork.prototype, 'fork', (fork) => function (work) { return fork.call(this, attempts++ < 1 ? () => false : work) })
    const session = await begin(t, SMALL)
    const { objects } = await untilRotated(session, dir, 2)
    const artifact = await session.stop({ dir })
    assert.equal(artifact.allocations.uncountedMs, 0)
    assertNear(await allocated(artifact), objects * BYTES)
  })

  test('after it has begun anew was read just before, and the artifact says what is missing', async (t) => {
    const dir = tmpDir(t)
    let forks = 0
    mock(t, ForkedWork.prototype, 'fork', (fork) => function (work) { return fork.call(this, ++forks === 2 ? () => false : work) })
    const session = await begin(t, SMALL)
    let objects = 0
    // No captures meanwhile: they have children, too.
    await until(() => {
      allocateOrders(10_000)
      objects += 10_000
      return forks >= 2
    }, 'a second child')
    const artifact = await session.stop({ dir, format: 'pprof' })
    assert.equal(artifact.allocations.rotations, 1)
    assert.ok(artifact.allocations.uncountedMs > 0)
    const bytes = await allocated(artifact)
    assert.ok(bytes > 0.3 * objects * BYTES && bytes < 1.05 * objects * BYTES, `${bytes} of ${objects * BYTES}`)
    const profile = await openProfile(artifact.path)
    assert.match(profile.comments.join('\n'), /^not counted: \d+ ms, because a reading failed \(.*after V8 had begun anew/m)
    profile.close()
  })

  test('again and again ends the counting; what was counted stays', async (t) => {
    const dir = tmpDir(t)
    const warned = new Promise((resolve) => process.once('warning', resolve))
    const session = await begin(t, SMALL)
    let mayRead = true
    mock(t, ForkedWork.prototype, 'prepare', (prepare) => function (...given) {
      if (!mayRead) throw new Error('there is no memory')
      return prepare.apply(this, given)
    })
    await untilRotated(session, dir, 1)
    const before = await allocated(await session.capture({ dir }))
    mayRead = false
    let warning
    warned.then((it) => { warning = it })
    await until(() => {
      allocateOrders(50_000)
      return warning
    }, 'a warning')
    assert.deepEqual([warning.name, warning.code], ['HeapkitWarning', 'HEAPKIT_WARN_ALLOCATIONS_ENDED'])
    assert.match(warning.message, /counts no more allocations: V8 may hold \d+ samples, and they could not be read 3 times, at last because: there is no memory\. What was allocated until 20.* is kept/)
    assert.throws(samplesInV8, /was not started/)
    const artifact = await session.capture({ dir })
    assert.equal(artifact.mode, 'inline')
    assert.ok(new Date(artifact.allocations.endedAt) <= new Date())
    assert.ok(await allocated(artifact) > 0 && await allocated(artifact) <= 1.05 * before)
    const stopped = await session.stop({ dir, format: 'pprof' })
    const profile = await openProfile(stopped.path)
    assert.match(profile.comments.join('\n'), /^counted until 20.*: V8 may hold/m)
    profile.close()
    mayRead = true
    await startSampling().stop({ dir })
  })
})

for (const ms of [0, 1500]) {
  test(`a process that counts ends when it would without (${ms} ms)`, async (t) => {
    const app = run(t, 'allocations-exit.js', { args: [String(ms)] })
    assert.deepEqual(await app.exit, { code: 0, signal: null })
    assert.deepEqual([app.stdout(), app.stderr()], ['', ''])
  })
}

/** Whoever waits for a child waits for `promise`, too. Answers { begun }: whether there is one. */
function holdChildren (t, promise) {
  const fork = { begun: false }
  mock(t, ForkedWork.prototype, 'fork', (original) => async function (...given) {
    const over = original.apply(this, given)
    fork.begun = true
    const result = await over
    await promise
    return result
  })
  return fork
}

const EVERY_KILOBYTE = { ...SMALL, sampleInterval: 1024 }

test('who counts faster than a child reads is told, and V8 holds no more', { skip: linux('forks') }, async (t) => {
  const warnings = []
  const warn = (warning) => warnings.push(warning)
  process.on('warning', warn)
  t.after(() => process.off('warning', warn))
  const stopped = deferred()
  holdChildren(t, stopped.promise)
  let isStopped = false
  mock(t, Sampler.prototype, 'stop', (stop) => function () {
    isStopped = true
    stopped.resolve()
    return stop.call(this)
  })
  const session = await begin(t, EVERY_KILOBYTE)
  await until(() => {
    allocateOrders(50_000)
    return isStopped
  }, 'the end of sampling')
  await until(() => warnings.length > 0, 'a warning')
  const [warning] = warnings
  assert.equal(warning.code, 'HEAPKIT_WARN_ALLOCATIONS_ENDED')
  assert.match(warning.message, /V8 may hold \d+ samples, and a child is still reading those before them: with a larger `sampleInterval` there are fewer/)
  assert.throws(samplesInV8, /was not started/)
  const artifact = await session.stop({ dir: tmpDir(t) })
  assert.ok(artifact.allocations.endedAt !== undefined)
  assert.ok(await allocated(artifact) > 0)
})

test('a capture that waits for a child is given up in time, and says what it waited for', { skip: linux('forks') }, async (t) => {
  const held = deferred()
  const fork = holdChildren(t, held.promise)
  const session = await begin(t, EVERY_KILOBYTE)
  await until(() => {
    allocateOrders(50_000)
    return fork.begun
  }, 'a child')
  await assert.rejects(session.capture({ dir: tmpDir(t), timeoutMs: 1 }), heapkitError('HEAPKIT_ERR_TIMEOUT', /could not begin within 1 ms \(`timeoutMs`\): a child was still reading/))
  await assert.rejects(session.stop({ dir: tmpDir(t), signal: AbortSignal.abort() }), heapkitError('HEAPKIT_ERR_ABORTED'))
  held.resolve()
  assert.ok(await allocated(await session.stop({ dir: tmpDir(t) })) > 0)
})

test('options that contradict one another are refused', () => {
  const [major, minor] = ['includeObjectsCollectedByMajorGC', 'includeObjectsCollectedByMinorGC']
  for (const [options, message] of [
    [{ allocations: true, [major]: false }, /`includeObjectsCollectedByMajorGC` contradicts `allocations: true`/],
    [{ allocations: true, [minor]: false }, /`includeObjectsCollectedByMinorGC` contradicts `allocations: true`/],
    [{ allocations: true, threads: true }, /`threads` cannot be had with `allocations: true`/],
    [{ allocations: false, [major]: true, [minor]: true }, /`allocations` contradicts includeObjectsCollectedByMajorGC and/],
    [{ maxSamples: 5000 }, /`maxSamples` means nothing without `allocations: true`/],
    [{ allocations: true, maxSamples: 999 }, /`maxSamples` must be an integer from 1000 to 1000000; got 999/]
  ]) assert.throws(() => startSampling(options), heapkitError('HEAPKIT_ERR_INVALID_OPTION', message))
  assert.equal(shared.sessions.get('sampling')?.isRunning() ?? false, false)
})

test('V8 says how much it has allocated, so that it is known how many samples there are', { skip: nodeFrom(26, 'total_allocated_bytes') }, () => {
  const pace = new Pace(1024)
  allocateOrders(20_000)
  assertNear(pace.held(), 20_000 * BYTES / 1024)
  pace.begin()
  assert.ok(pace.held() < 500)
})

test('before it does, time in which the thread works counts, and no other', { skip: nodeBefore(26, 'V8 does not say how much it has allocated') }, async () => {
  const pace = new Pace(512 * 1024)
  const begun = process.hrtime.bigint()
  await sleep(300)
  const idle = pace.held()
  // 512 a second.
  assert.ok(idle < 0.3 * 512, `${idle} samples`)
  const passed = () => Number(process.hrtime.bigint() - begun) / 1e9
  while (passed() < 1);
  const busy = pace.held()
  assert.ok(busy - idle > 0.5 * 512 && busy <= passed() * 512 + 1, `${busy} samples`)
  // What it turned out to hold: twice as many a second are expected from now on, but no less than an eighth of the usual.
  pace.begin()
  pace.learn(2)
  assert.ok(Math.abs(pace.msUntil(64) - 1000) < 50, `${pace.msUntil(64)} ms`)
})
