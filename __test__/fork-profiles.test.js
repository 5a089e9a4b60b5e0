'use strict'

// Sampling heap profiles and timelines that are read in a forked child: they have what the thread itself would read, the session loses nothing, and V8 is not made
// to collect and to walk the heap in the service.

const assert = require('node:assert/strict')
const path = require('node:path')
const { describe, test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { startSampling, startTimeline, startCpuProfile, takeSnapshot } = require('..')
const { postSync, collectSnapshot, onTimelineSample } = require('../lib/inspector')
const { settleMode } = require('../lib/captures/mode')
const { OWN_MOUNTS, linux, ownMounts } = require('./needs')
const { FIXTURES, tmpDir, ls, readArtifact, parseSnapshot, run, until, heapkitError } = require('./support')
const { childrenOf, twinsOf, twin } = require('./twins')

// Slow enough that there is time to do something to it.
const SLOW = { mode: 'fork', maxCpu: 0.01 }
const FORK = { mode: 'fork' }

const MANY = 10

class Planted {}

function plant (count) {
  return Array.from({ length: count }, () => new Planted())
}

class Timed {}

function plantTimed (count) {
  return Array.from({ length: count }, () => new Timed())
}

function plantMore (count) {
  return plant(count)
}

const read = (artifact) => JSON.parse(readArtifact(artifact))

/**
 * What a profile has of a function and those that it called: the samples, whose ordinals are V8's own. What V8 makes of code is there as well (a vector, compiled code), and goes
 * when V8 has better: only sizes that are there many times are of objects that the function made.
 */
function samplesOf ({ head, samples }, name) {
  const ids = new Set()
  const visit = (node, isIn) => {
    if (isIn) ids.add(node.id)
    for (const child of node.children) visit(child, isIn || child.callFrame.functionName === name)
  }
  visit(head, false)
  const own = samples.filter(({ nodeId }) => ids.has(nodeId))
  const isMany = (size) => own.filter((other) => other.size === size).length >= MANY
  return own.filter(({ size }) => isMany(size)).map(({ size, ordinal }) => [size, ordinal]).sort(([, a], [, b]) => a - b)
}

const bytesOf = (profile, name) => samplesOf(profile, name).reduce((sum, [size]) => sum + size, 0)

/** The id that V8 gave an object of this process. */
function idOf (name) {
  const { result: { objectId } } = postSync('Runtime.evaluate', { expression: name })
  return postSync('HeapProfiler.getHeapObjectId', { objectId }).heapSnapshotObjectId
}

const isSampling = () => {
  try {
    postSync('HeapProfiler.getSamplingProfile')
    return true
  } catch (error) {
    assert.match(error.message, /was not started/)
    return false
  }
}

describe('a sampling profile that a child reads', { skip: linux('fork') }, () => {
  test('has the samples, stacks and bytes that this thread would read', async (t) => {
    const dir = tmpDir(t)
    for (const stackDepth of [64, 3]) {
      const session = startSampling({ sampleInterval: 1024, stackDepth })
      globalThis.kept = plantMore(20_000)
      const artifacts = []
      for (const mode of ['inline', 'fork', 'fork', 'inline']) artifacts.push(await session.capture({ dir, mode }))
      assert.deepEqual(artifacts.map(({ mode }) => mode), ['inline', 'fork', 'fork', 'inline'])
      assert.deepEqual(artifacts.map(({ heldBackMs }) => typeof heldBackMs), ['undefined', 'number', 'number', 'undefined'])
      const [expected, ...others] = artifacts.map(read).map((profile) => samplesOf(profile, stackDepth === 64 ? 'plantMore' : 'plant'))
      assert.ok(expected.length > 50, `${expected.length} samples`)
      for (const other of others) assert.deepEqual(other, expected)
      assert.deepEqual(Object.keys(read(artifacts[1])), Object.keys(read(artifacts[0])))
      await session.stop({ dir, mode: 'fork' })
    }
  })

  test('is what `auto` means where snapshots are forked', async (t) => {
    const session = startSampling()
    const artifact = await session.capture({ dir: tmpDir(t) })
    assert.equal(artifact.mode, settleMode('auto'))
    assert.equal((await session.stop({ dir: tmpDir(t) })).mode, settleMode('auto'))
  })

  test('is read while the session goes on', async (t) => {
    const dir = tmpDir(t)
    const session = startSampling({ sampleInterval: 1024 })
    globalThis.kept = plant(10_000)
    const first = read(await session.capture({ dir, ...FORK }))
    assert.deepEqual(samplesOf(first, 'plantMore'), [])
    globalThis.more = plantMore(10_000)
    const second = read(await session.stop({ dir, ...FORK }))
    assert.ok(bytesOf(second, 'plantMore') > 50_000)
    assert.ok(bytesOf(second, 'plant') > bytesOf(first, 'plant'))
  })

  test('asks V8 for nothing in this process, and stop() ends its sampling without a profile', async (t) => {
    const dir = tmpDir(t)
    // A timeline or an inline snapshot before would make its ids of objects count.
    const child = run(t, 'fork-profiles-commands.js', { args: [dir] })
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
    assert.deepEqual(JSON.parse(child.stdout()), {
      capture: [], stop: ['HeapProfiler.disable'], isSampling: false, restarted: true, dispose: ['HeapProfiler.disable'], timeline: ['HeapProfiler.disable']
    })
  })

  test('stop() leaves the ids of objects alone where they count, and a timeline its stacks', async (t) => {
    const dir = tmpDir(t)
    globalThis.one = new Planted()
    await takeSnapshot({ dir, mode: 'inline' })
    const id = idOf('one')
    const session = startSampling()
    await session.stop({ dir, ...FORK })
    assert.equal(isSampling(), false)
    assert.equal(idOf('one'), id)
    const timeline = startTimeline({ trackAllocations: true })
    const during = startSampling()
    await during.stop({ dir, ...FORK })
    globalThis.kept = plant(1000)
    assert.ok(traced(parseSnapshot(readArtifact(await timeline.stop({ dir, mode: 'inline' })))).plant >= 1000)
    assert.equal(idOf('one'), id)
  })

  test('is read in turn: never two children at once, and a session that is stopped meanwhile is not read', async (t) => {
    const dir = tmpDir(t)
    const session = startSampling({ sampleInterval: 1024 })
    globalThis.kept = plant(10_000)
    let most = 0
    const hunter = setInterval(() => { most = Math.max(most, twinsOf().length) }, 1)
    t.after(() => clearInterval(hunter))
    const captures = [session.capture({ dir, ...FORK }), session.capture({ dir, ...FORK }), session.capture({ dir, ...FORK })]
    const [first, ...others] = (await Promise.all(captures)).map((artifact) => samplesOf(read(artifact), 'plant'))
    for (const other of others) assert.deepEqual(other, first)
    clearInterval(hunter)
    assert.ok(most <= 1, `${most} children at once`)
    const [late, stopped] = await Promise.allSettled([session.capture({ dir, ...FORK }), session.stop({ dir, ...FORK })])
    assert.equal(stopped.status, 'fulfilled')
    heapkitError('HEAPKIT_ERR_NOT_ACTIVE', /(is being|has been) stopped/)(late.reason)
    await assert.rejects(session.capture({ dir, ...FORK }), heapkitError('HEAPKIT_ERR_NOT_ACTIVE', /has been stopped/))
  })

  test('is delivered although the session is stopped while the child reads', async (t) => {
    const dir = tmpDir(t)
    const session = startSampling({ sampleInterval: 1024 })
    globalThis.kept = plant(10_000)
    const capture = session.capture({ dir, ...FORK, maxCpu: 0.05 })
    await twin()
    await session.stop({ dir, mode: 'inline' })
    assert.ok(samplesOf(read(await capture), 'plant').length > 50)
  })

  test('goes beside a snapshot', async (t) => {
    const dir = tmpDir(t)
    const session = startSampling({ sampleInterval: 1024 })
    const snapshot = takeSnapshot({ dir, mode: 'fork', maxCpu: 0.2 })
    await session.capture({ dir, ...FORK })
    await session.stop({ dir, ...FORK })
    await snapshot
    assert.equal(ls(dir).length, 3)
  })

  test('is read in a worker thread as well', async (t) => {
    const worker = new Worker(path.join(FIXTURES, 'workers-thread.js'), { workerData: { does: 'forkedSampling', dir: tmpDir(t) } })
    t.after(() => worker.terminate())
    const { outcome: artifacts } = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    assert.deepEqual(artifacts.map(({ mode }) => mode), ['fork', 'fork'])
    const [capture, stop] = artifacts.map(read)
    assert.ok(samplesOf(capture, 'plantInWorker').length > 10)
    assert.deepEqual(samplesOf(stop, 'plantInWorker'), samplesOf(capture, 'plantInWorker'))
  })

  test('comes from a fresh child where one crashed', async (t) => {
    const dir = tmpDir(t)
    const session = startSampling({ sampleInterval: 1024 })
    globalThis.kept = plant(10_000)
    const pending = session.stop({ dir, ...FORK, maxCpu: 0.05 })
    process.kill((await twin()).pid, 'SIGSEGV')
    assert.ok(samplesOf(read(await pending), 'plant').length > 50)
    assert.deepEqual(childrenOf(), [])
  })

  for (const [what, options, code, message, meanwhile] of [
    ['is killed', SLOW, 'HEAPKIT_ERR_CHILD', /SIGKILL.*operator, or from the kernel/, ({ pid }) => process.kill(pid, 'SIGKILL')],
    ['has too little memory', { mode: 'fork', memory: { reserveBytes: 2 ** 50 } }, 'HEAPKIT_ERR_MEMORY', /for a forked capture.*needs at least \d+ MiB for the \d+ MiB of heap in use, and 1073741824 MiB are to stay free.*capture on a replica/],
    ['takes more than there is', { mode: 'fork', memory: { reserveBytes: 2 ** 50, force: true } }, 'HEAPKIT_ERR_MEMORY', /only \d+ MiB were left .* so the child was killed/],
    ['takes too long', { ...SLOW, timeoutMs: 100 }, 'HEAPKIT_ERR_TIMEOUT', /after 100 ms/]
  ]) {
    test(`costs the session nothing where the child ${what}`, async (t) => {
      const dir = tmpDir(t)
      const session = startSampling({ sampleInterval: 1024 })
      globalThis.kept = plant(10_000)
      for (const end of ['capture', 'stop']) {
        const failed = assert.rejects(session[end]({ dir, ...options }), heapkitError(code, message))
        if (meanwhile) meanwhile(await twin())
        await failed
        await until(() => childrenOf().length === 0, 'the child to be gone')
      }
      assert.deepEqual(ls(dir), [])
      assert.ok(samplesOf(read(await session.stop({ dir, ...FORK })), 'plant').length > 50)
    })
  }

  test('is given up after three children, and the error says so', async (t) => {
    const dir = tmpDir(t)
    const session = startSampling()
    const hunted = new Set()
    const hunter = setInterval(() => {
      for (const { pid } of twinsOf()) {
        if (!hunted.has(pid)) process.kill(pid, 'SIGABRT')
        hunted.add(pid)
      }
    }, 1)
    t.after(() => clearInterval(hunter))
    await assert.rejects(session.stop({ dir, ...SLOW }), heapkitError('HEAPKIT_ERR_CHILD', /did not deliver the profile in 3 attempts: .*\(3\)/))
    clearInterval(hunter)
    await session.stop({ dir, ...FORK })
  })

  test('is aborted in the middle, and nothing is lost', async (t) => {
    const dir = tmpDir(t)
    const session = startSampling({ sampleInterval: 1024 })
    globalThis.kept = plant(10_000)
    for (const end of ['capture', 'stop']) {
      const controller = new AbortController()
      const failed = assert.rejects(session[end]({ dir, ...SLOW, signal: controller.signal }), heapkitError('HEAPKIT_ERR_ABORTED'))
      await twin()
      controller.abort()
      await failed
      await until(() => childrenOf().length === 0, 'the child to be gone')
    }
    assert.deepEqual(ls(dir), [])
    assert.ok(samplesOf(read(await session.stop({ dir, ...FORK })), 'plant').length > 50)
  })

  test('a full disk ends neither the sampling nor the timeline', { skip: ownMounts() }, async (t) => {
    const [full, other] = [tmpDir(t), tmpDir(t)]
    const command = [...OWN_MOUNTS, 'sh', '-c', 'mount -t tmpfs -o size=256k tmpfs "$0" && exec "$@"', full]
    const child = run(t, 'fork-profiles-full.js', { args: [full, other], command })
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
    const [sampling, timeline] = JSON.parse(child.stdout())
    for (const { error, artifact } of [sampling, timeline]) {
      heapkitError('HEAPKIT_ERR_NO_SPACE', /the volume is full/)(error)
      assert.equal(artifact.mode, 'fork')
    }
    assert.ok(samplesOf(read(sampling.artifact), 'plant').length > 1000)
    assert.ok(traced(parseSnapshot(readArtifact(timeline.artifact))).plant >= 50_000)
  })

  test('leaves nothing behind, however often: no descriptor, no thread, no child', { timeout: 600_000 }, async (t) => {
    const child = run(t, 'fork-profiles-many.js', { args: [tmpDir(t), process.env.TEST_READS ?? '200'] })
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
    const { rss, ...more } = JSON.parse(child.stdout())
    assert.deepEqual(more, { descriptors: 0, threads: 0, children: 0 }, `${JSON.stringify(more)}; ${child.stderr()}`)
    t.diagnostic(`${rss} bytes of memory more`)
  })

  test('is for heaps: a CPU profile has no such mode', async (t) => {
    const session = startCpuProfile()
    await assert.rejects(session.stop({ dir: tmpDir(t), mode: 'fork' }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /`mode` is not known here/))
    await session[Symbol.asyncDispose]?.()
  })
})

/** How many allocations of each function a timeline has, those of what it called included. */
function traced ({ snapshot: { meta }, trace_function_infos: infos, trace_tree: tree, strings }) {
  const { trace_function_info_fields: infoFields, trace_node_fields: nodeFields } = meta
  const [at, width] = [(name) => nodeFields.indexOf(name), nodeFields.length]
  const counts = {}
  const visit = (nodes) => {
    let sum = 0
    for (let node = 0; node < nodes.length; node += width) {
      const name = strings[infos[nodes[node + at('function_info_index')] * infoFields.length + infoFields.indexOf('name')]]
      const own = nodes[node + at('count')] + visit(nodes[node + at('children')])
      counts[name] = (counts[name] ?? 0) + own
      sum += own
    }
    return sum
  }
  visit(tree)
  return counts
}

/** How many objects of the class Timed there are between V8's samples, by their ids. */
function intervals ({ snapshot: { meta: { node_fields: fields } }, nodes, strings, samples }) {
  const ids = []
  for (let node = 0; node < nodes.length; node += fields.length) {
    if (nodes[node] === 3 && strings[nodes[node + fields.indexOf('name')]] === 'Timed') ids.push(nodes[node + fields.indexOf('id')])
  }
  const lastIds = samples.filter((_, index) => index % 2 === 1)
  return lastIds.map((last, index) => ids.filter((id) => id <= last && id > (lastIds[index - 1] ?? 0)).length).filter((count) => count > 0)
}

describe('a timeline that a child reads', { skip: linux('fork') }, () => {
  test('has the stacks and the times that this thread would read', async (t) => {
    const session = startTimeline({ trackAllocations: true, resolutionMs: 50 })
    let samples = 0
    const unwatch = onTimelineSample(() => samples++)
    globalThis.kept = []
    for (const count of [1000, 2000, 3000]) {
      globalThis.kept.push(plantTimed(count))
      const before = samples
      await until(() => samples > before, 'a sample')
    }
    unwatch()
    // The same timeline, read here when the child has read it.
    const { _stop: stop } = session
    let inline = ''
    session._stop = async function (options, { release, ...ways }) {
      return await stop.call(this, options, { ...ways, release: () => { collectSnapshot('HeapProfiler.stopTrackingHeapObjects', (chunk) => { inline += chunk }, 'timeline'); release() } })
    }
    const artifact = await session.stop({ dir: tmpDir(t), ...FORK })
    assert.equal(artifact.mode, 'fork')
    const [here, there] = [parseSnapshot(inline), parseSnapshot(readArtifact(artifact))]
    for (const snapshot of [here, there]) assert.deepEqual(intervals(snapshot), [1000, 2000, 3000])
    assert.ok(traced(there).plantTimed >= 6000)
    assert.equal(traced(there).plantTimed, traced(here).plantTimed)
    // Before the last sample, which each takes as it stops: the same moments.
    const before = there.samples.length - 2
    assert.deepEqual(there.samples.slice(0, before), here.samples.slice(0, before))
    delete globalThis.kept
  })

  test('is redacted on its way as any other', async (t) => {
    const session = startTimeline()
    globalThis.secret = ['hunter', 2].join('-')
    const artifact = await session.stop({ dir: tmpDir(t), ...FORK, redact: true })
    assert.ok(artifact.redacted.replacedContents > 0)
    assert.ok(!readArtifact(artifact).includes('hunter-2'))
    delete globalThis.secret
  })

  test('goes on, and keeps its place, whatever happens to the child', async (t) => {
    const dir = tmpDir(t)
    const session = startTimeline({ trackAllocations: true })
    globalThis.kept = plant(1000)
    await assert.rejects(session.stop({ dir, mode: 'fork', memory: { reserveBytes: 2 ** 50 } }), heapkitError('HEAPKIT_ERR_MEMORY', /for a forked capture/))
    const controller = new AbortController()
    const failed = assert.rejects(session.stop({ dir, ...SLOW, signal: controller.signal }), heapkitError('HEAPKIT_ERR_ABORTED'))
    await twin()
    controller.abort()
    await failed
    await until(() => childrenOf().length === 0, 'the child to be gone')
    await assert.rejects(takeSnapshot({ dir }), heapkitError('HEAPKIT_ERR_BUSY', /A timeline is under way/))
    assert.deepEqual(ls(dir), [])
    assert.ok(traced(parseSnapshot(readArtifact(await session.stop({ dir, ...FORK })))).plant >= 1000)
    await takeSnapshot({ dir })
  })

  test('leaves the ids of objects alone where they count, and `auto` reads it in this thread', async (t) => {
    const dir = tmpDir(t)
    globalThis.one = new Planted()
    await takeSnapshot({ dir, mode: 'inline' })
    const id = idOf('one')
    await startTimeline().stop({ dir, ...FORK })
    assert.equal(idOf('one'), id)
    assert.equal((await startTimeline().stop({ dir })).mode, 'inline')
    assert.equal(idOf('one'), id)
  })
})
