'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { takeSnapshot } = require('..')
const { tmpDir, ls, readArtifact, parseSnapshot, countObjects, assertMode, heapkitError } = require('./support')

// What mode 'auto' means here; fork.test.js has what only the forked mode does.
const AUTO = process.platform === 'linux' ? 'fork' : 'inline'
const MODES = AUTO === 'fork' ? ['fork', 'inline'] : ['inline']

class Planted {}
globalThis.planted = Array.from({ length: 321 }, () => new Planted())

test('a snapshot is a whole file with the live objects, named as Node names them', async (t) => {
  const dir = tmpDir(t)
  const artifact = await takeSnapshot({ dir })
  assert.deepEqual(Object.keys(artifact), ['kind', 'format', 'path', 'bytes', 'rawBytes', 'compression', 'sha256', 'startedAt',
    'durationMs', 'pauseMs', ...(process.platform === 'linux' ? ['heldBackMs'] : []), 'mode', 'pid', 'threadId', 'nodeVersion'])
  assert.equal(artifact.kind, 'snapshot')
  assert.equal(artifact.format, 'heapsnapshot')
  assert.equal(artifact.compression, 'gzip')
  assert.equal(artifact.mode, AUTO)
  assert.equal(artifact.pid, process.pid)
  assert.equal(artifact.threadId, 0)
  assert.equal(artifact.nodeVersion, process.version)
  assert.match(path.basename(artifact.path), new RegExp(`^Heap\\.\\d{8}\\.\\d{6}\\.${process.pid}\\.0\\.\\d{3}\\.heapsnapshot\\.gz$`))
  assert.deepEqual(ls(dir), [path.basename(artifact.path)])
  assertMode(artifact.path, 0o600)
  assert.ok(artifact.pauseMs > 0 && artifact.pauseMs <= artifact.durationMs + 1)
  assert.equal(countObjects(parseSnapshot(readArtifact(artifact)), 'Planted'), 321)
})

test('a snapshot of an application with data is at most a fifth of its raw size', async (t) => {
  // A bare Node is mostly source text, which no gzip makes that small.
  globalThis.data = Array.from({ length: 50_000 }, (_, index) => ({ id: index, tags: [index], next: { index } }))
  t.after(() => { delete globalThis.data })
  const artifact = await takeSnapshot({ dir: tmpDir(t) })
  assert.ok(artifact.bytes * 5 <= artifact.rawBytes, `${artifact.bytes} of ${artifact.rawBytes}`)
})

test('every compression has its extension and holds the same snapshot', async (t) => {
  const dir = tmpDir(t)
  const none = await takeSnapshot({ dir, compression: 'none' })
  assert.equal(path.extname(none.path), '.heapsnapshot')
  assert.equal(none.bytes, none.rawBytes)
  parseSnapshot(readArtifact(none))
  const best = await takeSnapshot({ dir, compression: 'gzip', level: 9 })
  assert.equal(path.extname(best.path), '.gz')
  parseSnapshot(readArtifact(best))
  const zstd = await takeSnapshot({ dir, compression: 'zstd' })
  assert.equal(path.extname(zstd.path), '.zst')
  assert.ok(zstd.bytes < zstd.rawBytes / 4)
  assert.equal(fs.readFileSync(zstd.path).readUInt32LE(0), 0xFD2FB528)
})

test('the same object has the same id in two inline snapshots, whatever other captures end in between', async (t) => {
  const dir = tmpDir(t)
  const { startCpuProfile } = require('..')
  const first = idsOf(parseSnapshot(readArtifact(await takeSnapshot({ dir, mode: 'inline' }))), 'Planted')
  await startCpuProfile().stop({ dir })
  const second = idsOf(parseSnapshot(readArtifact(await takeSnapshot({ dir, mode: 'inline' }))), 'Planted')
  assert.deepEqual(first, second)
})

function idsOf (snapshot, name) {
  const { node_fields: fields } = snapshot.snapshot.meta
  const ids = []
  for (let at = 0; at < snapshot.nodes.length; at += fields.length) {
    if (snapshot.strings[snapshot.nodes[at + fields.indexOf('name')]] === name) ids.push(snapshot.nodes[at + fields.indexOf('id')])
  }
  return ids.sort()
}

test('numbers are in the snapshot only when they are asked for', async (t) => {
  const dir = tmpDir(t)
  globalThis.number = { secret: 4242.4242 }
  const without = readArtifact(await takeSnapshot({ dir }))
  const exposed = readArtifact(await takeSnapshot({ dir, exposeNumericValues: true }))
  assert.ok(!without.includes('"4242.4242"'))
  assert.ok(exposed.includes('"4242.4242"'))
})

test('a second snapshot during the first is refused, and works afterwards', async (t) => {
  const dir = tmpDir(t)
  const results = await Promise.allSettled([takeSnapshot({ dir }), takeSnapshot({ dir })])
  assert.deepEqual(results.map(({ status }) => status), ['fulfilled', 'rejected'])
  heapkitError('HEAPKIT_ERR_BUSY', /A snapshot is under way in thread 0 since .*one at a time/)(results[1].reason)
  await takeSnapshot({ dir })
  assert.equal(ls(dir).length, 2)
})

for (const mode of MODES) {
  test(`progress is told while V8 serializes, and at the end (${mode})`, async (t) => {
    const seen = []
    // Enough text for several reports.
    globalThis.text = Array.from({ length: 60_000 }, (_, index) => ({ name: `entry number ${index}`, index }))
    const artifact = await takeSnapshot({ dir: tmpDir(t), mode, onProgress: (progress) => seen.push(progress) })
    delete globalThis.text
    assert.ok(seen.some(({ phase }) => phase === 'serializing'))
    assert.equal(seen.at(-1).phase, 'done')
    assert.equal(seen.at(-1).rawBytes, artifact.rawBytes)
    assert.equal(seen.at(-1).bytes, artifact.bytes)
    assert.equal(seen.at(-1).estimatedRawBytes, artifact.rawBytes)
    for (const { rawBytes, estimatedRawBytes } of seen) assert.ok(estimatedRawBytes >= rawBytes)
    for (const [index, { rawBytes, bytes, elapsedMs }] of seen.entries()) {
      const before = seen[index - 1] ?? { rawBytes: 0, bytes: 0, elapsedMs: 0 }
      assert.ok(rawBytes >= before.rawBytes && bytes >= before.bytes && elapsedMs >= before.elapsedMs)
    }
  })

  test(`a callback that throws ends its capture (${mode})`, async (t) => {
    const dir = tmpDir(t)
    const boom = new Error('boom')
    globalThis.text = Array.from({ length: 60_000 }, (_, index) => ({ name: `entry number ${index}`, index }))
    await assert.rejects(takeSnapshot({ dir, mode, onProgress: () => { throw boom } }), (error) => {
      assert.equal(error.cause, boom)
      return heapkitError('HEAPKIT_ERR_ABORTED', /onProgress threw: boom/)(error)
    })
    delete globalThis.text
    assert.deepEqual(ls(dir), [])
    await takeSnapshot({ dir, mode })
  })

  test(`a callback that rejects ends its capture, and is not unhandled (${mode})`, async (t) => {
    const dir = tmpDir(t)
    const boom = new Error('boom')
    const onUnhandled = (reason) => { if (reason === boom) throw new Error('unhandled') }
    process.on('unhandledRejection', onUnhandled)
    t.after(() => process.removeListener('unhandledRejection', onUnhandled))
    globalThis.text = Array.from({ length: 60_000 }, (_, index) => ({ name: `entry number ${index}`, index }))
    await assert.rejects(takeSnapshot({ dir, mode, onProgress: async () => { throw boom } }), heapkitError('HEAPKIT_ERR_ABORTED', /onProgress threw: boom/))
    delete globalThis.text
    assert.deepEqual(ls(dir), [])
  })

  test(`an aborted snapshot leaves nothing, whenever the abort comes (${mode})`, async (t) => {
    const dir = tmpDir(t)
    const reason = new Error('enough')
    const expected = (error) => {
      assert.equal(error.cause, reason)
      return heapkitError('HEAPKIT_ERR_ABORTED', /AbortSignal/)(error)
    }
    await assert.rejects(takeSnapshot({ dir, mode, signal: AbortSignal.abort(reason) }), expected)
    const soon = new AbortController()
    const pending = takeSnapshot({ dir, mode, signal: soon.signal })
    soon.abort(reason)
    await assert.rejects(pending, expected)
    const during = new AbortController()
    globalThis.text = Array.from({ length: 60_000 }, (_, index) => ({ name: `entry number ${index}`, index }))
    await assert.rejects(takeSnapshot({ dir, mode, signal: during.signal, onProgress: () => during.abort(reason) }), expected)
    delete globalThis.text
    assert.deepEqual(ls(dir), [])
    const unused = new AbortController()
    await takeSnapshot({ dir, mode, signal: unused.signal })
    unused.abort()
    assert.equal(ls(dir).length, 1)
  })
}

test('a snapshot that takes longer than timeoutMs is not kept', async (t) => {
  const dir = tmpDir(t)
  await assert.rejects(takeSnapshot({ dir, timeoutMs: 1 }), heapkitError('HEAPKIT_ERR_TIMEOUT', /after 1 ms/))
  assert.deepEqual(ls(dir), [])
  await takeSnapshot({ dir, timeoutMs: 600_000 })
})
