'use strict'

const assert = require('node:assert/strict')
const path = require('node:path')
const { test } = require('node:test')
const { startSampling, stopSampling, takeSnapshot } = require('..')
const { limitStackDepth } = require('../lib/captures/stack-depth')
const { tmpDir, ls, readArtifact, heapkitError } = require('./support')

function allocate (count) {
  const kept = []
  for (let index = 0; index < count; index++) kept.push({ index, text: `text ${index}` })
  return kept
}

function find (node, name) {
  return node.callFrame.functionName === name || node.children.some((child) => find(child, name))
}

function names (node) {
  return [...new Set([node.callFrame.functionName, ...node.children.flatMap(names)])]
}

function depth (node) {
  return 1 + Math.max(0, ...node.children.map(depth))
}

function total (node) {
  return node.selfSize + node.children.reduce((sum, child) => sum + total(child), 0)
}

test('a sampling profile names the function that allocates', async (t) => {
  const session = startSampling({ sampleInterval: 1024 })
  assert.ok(session.startedAt instanceof Date)
  globalThis.kept = allocate(20_000)
  const artifact = await session.stop({ dir: tmpDir(t) })
  assert.equal(artifact.kind, 'sampling')
  assert.equal(artifact.format, 'heapprofile')
  assert.equal(artifact.startedAt, session.startedAt.toISOString())
  assert.match(path.basename(artifact.path), /^Heap\..*\.heapprofile\.gz$/)
  const profile = JSON.parse(readArtifact(artifact))
  assert.ok(find(profile.head, 'allocate'))
  assert.ok(Array.isArray(profile.samples))
})

test('capture() reads a session that goes on', async (t) => {
  const dir = tmpDir(t)
  const session = startSampling({ sampleInterval: 1024 })
  const sizes = []
  for (let round = 0; round < 3; round++) {
    globalThis.kept = [globalThis.kept, allocate(5000)]
    sizes.push(total(JSON.parse(readArtifact(await session.capture({ dir }))).head))
  }
  assert.ok(sizes[0] < sizes[1] && sizes[1] < sizes[2], String(sizes))
  await session.stop({ dir })
  assert.equal(ls(dir).length, 4)
  await assert.rejects(session.capture({ dir }), heapkitError('HEAPKIT_ERR_NOT_ACTIVE', /has been stopped/))
  await assert.rejects(session.stop({ dir }), heapkitError('HEAPKIT_ERR_NOT_ACTIVE'))
})

test('stopSampling() stops the session wherever it was started', async (t) => {
  const dir = tmpDir(t)
  await assert.rejects(stopSampling({ dir }), heapkitError('HEAPKIT_ERR_NOT_ACTIVE', /startSampling/))
  startSampling()
  assert.throws(() => startSampling(), heapkitError('HEAPKIT_ERR_BUSY', /is running in this thread since .*Stop it first/))
  await stopSampling({ dir })
  startSampling()
  await stopSampling({ dir })
})

test('an output that cannot be opened stops nothing', async (t) => {
  const dir = tmpDir(t)
  const session = startSampling({ sampleInterval: 1024 })
  globalThis.kept = allocate(5000)
  await assert.rejects(session.stop({ dir: __filename }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /`dir`/))
  await assert.rejects(session.stop({ dir, format: 'heapsnapshot' }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /`format` must be 'heapprofile' or .*; got 'heapsnapshot'/))
  assert.ok(find(JSON.parse(readArtifact(await session.stop({ dir }))).head, 'allocate'))
})

test('two stops at once: one artifact', async (t) => {
  const dir = tmpDir(t)
  const session = startSampling()
  const results = await Promise.allSettled([session.stop({ dir }), session.stop({ dir })])
  assert.deepEqual(results.map(({ status }) => status), ['fulfilled', 'rejected'])
  heapkitError('HEAPKIT_ERR_NOT_ACTIVE', /is being stopped/)(results[1].reason)
  assert.equal(ls(dir).length, 1)
})

test('a session that is disposed of leaves no file and makes place for another', async (t) => {
  const session = startSampling()
  await session[Symbol.asyncDispose]()
  await session[Symbol.asyncDispose]()
  await startSampling().stop({ dir: tmpDir(t) })
})

test('objects that were collected count only when they are asked for', async (t) => {
  const dir = tmpDir(t)
  const measure = async (options) => {
    const session = startSampling({ sampleInterval: 256, ...options })
    for (let round = 0; round < 20; round++) allocate(5000)
    return total(JSON.parse(readArtifact(await session.stop({ dir }))).head)
  }
  const alive = await measure({})
  const all = await measure({ includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true })
  assert.ok(all > 2 * alive, `${all} against ${alive}`)
})

test('stacks are cut to stackDepth innermost frames on every Node', async (t) => {
  const recurse = (levels) => levels === 0 ? allocate(5000) : [recurse(levels - 1)]
  const dir = tmpDir(t)
  for (const [stackDepth, expected] of [[16, 16], [undefined, 64]]) {
    const session = startSampling({ sampleInterval: 1024, ...(stackDepth && { stackDepth }) })
    globalThis.kept = recurse(100)
    const { head, samples } = JSON.parse(readArtifact(await session.stop({ dir })))
    // The root is no frame.
    assert.equal(depth(head) - 1, expected)
    assert.ok(find(head, 'recurse'), `frames: ${names(head)}`)
    const ids = new Set()
    const visit = (node) => { assert.ok(!ids.has(node.id)); ids.add(node.id); node.children.forEach(visit) }
    visit(head)
    assert.ok(samples.every(({ nodeId }) => ids.has(nodeId)))
  }
})

test('cutting stacks keeps sizes and merges what becomes the same', () => {
  const frame = (functionName) => ({ functionName, scriptId: '1', url: 'file:///a.js', lineNumber: 1, columnNumber: 1 })
  const node = (id, name, selfSize, ...children) => ({ id, callFrame: frame(name), selfSize, children })
  const profile = {
    head: node(1, '(root)', 0, node(2, 'a', 1, node(3, 'x', 10, node(4, 'y', 100))), node(5, 'b', 2, node(6, 'x', 20, node(7, 'y', 200)))),
    samples: [{ size: 100, nodeId: 4, ordinal: 1 }, { size: 200, nodeId: 7, ordinal: 2 }, { size: 1, nodeId: 2, ordinal: 3 }]
  }
  assert.deepEqual(limitStackDepth(profile, 3), profile)
  const late = { ...profile, samples: [...profile.samples, { size: 1, nodeId: 99, ordinal: 4 }] }
  assert.deepEqual(limitStackDepth(late, 3), profile)
  const cut = limitStackDepth(profile, 2)
  assert.equal(total(cut.head), total(profile.head))
  assert.equal(depth(cut.head) - 1, 2)
  const merged = cut.head.children.find(({ callFrame }) => callFrame.functionName === 'x').children[0]
  assert.equal(merged.callFrame.functionName, 'y')
  assert.equal(merged.selfSize, 300)
  assert.deepEqual(cut.samples.map(({ nodeId }) => nodeId === merged.id), [true, true, false])
})

test('sampling and a snapshot go together', async (t) => {
  const dir = tmpDir(t)
  const session = startSampling({ sampleInterval: 1024 })
  globalThis.kept = allocate(5000)
  await takeSnapshot({ dir })
  assert.ok(find(JSON.parse(readArtifact(await session.stop({ dir }))).head, 'allocate'))
})
