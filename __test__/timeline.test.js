'use strict'

const assert = require('node:assert/strict')
const path = require('node:path')
const { test } = require('node:test')
const { startTimeline, startCpuProfile, takeSnapshot } = require('..')
const { onTimelineSample } = require('../lib/inspector')
const { tmpDir, ls, readArtifact, parseSnapshot, countObjects, run, until, heapkitError } = require('./support')

class Allocated {}

/** Long enough for some samples at the finest resolution. */
async function allocateForAWhile () {
  globalThis.kept = []
  const start = Date.now()
  await until(() => {
    globalThis.kept.push(new Allocated())
    return Date.now() - start > 300
  })
}

test('a timeline is a snapshot whose objects know when they were allocated', async (t) => {
  const session = startTimeline({ resolutionMs: 50 })
  await allocateForAWhile()
  const artifact = await session.stop({ dir: tmpDir(t) })
  assert.equal(artifact.kind, 'timeline')
  assert.equal(artifact.format, 'heaptimeline')
  assert.equal(artifact.startedAt, session.startedAt.toISOString())
  assert.match(path.basename(artifact.path), /^Heap\..*\.heaptimeline\.gz$/)
  assert.ok(artifact.pauseMs > 0)
  const snapshot = parseSnapshot(readArtifact(artifact))
  assert.equal(countObjects(snapshot, 'Allocated'), globalThis.kept.length)
  assert.ok(snapshot.samples.length > 0)
  assert.equal(snapshot.trace_function_infos.length, 0)
})

test('with trackAllocations it knows where, too', async (t) => {
  const session = startTimeline({ trackAllocations: true })
  // Another capture that ends meanwhile must not cost the stacks.
  await startCpuProfile().stop({ dir: tmpDir(t) })
  await allocateForAWhile()
  const snapshot = parseSnapshot(readArtifact(await session.stop({ dir: tmpDir(t) })))
  const { trace_function_info_fields: fields } = snapshot.snapshot.meta
  const names = []
  for (let at = 0; at < snapshot.trace_function_infos.length; at += fields.length) {
    names.push(snapshot.strings[snapshot.trace_function_infos[at + fields.indexOf('name')]])
  }
  assert.ok(names.some((name) => name.includes('until') || name.includes('allocateForAWhile')), names.slice(0, 20).join())
})

test('it samples as often as it is told', async (t) => {
  const samples = async (resolutionMs, enough) => {
    const session = startTimeline({ resolutionMs })
    let seen = 0
    const unwatch = onTimelineSample(() => seen++)
    await enough(() => seen)
    unwatch()
    const { samples } = parseSnapshot(readArtifact(await session.stop({ dir: tmpDir(t) })))
    return samples.length / 2
  }
  assert.ok(await samples(50, (seen) => until(() => seen() >= 5)) >= 5)
  // One as it starts, perhaps, and one as it stops.
  assert.ok(await samples(3_600_000, allocateForAWhile) <= 2)
})

test('a timeline has the place of a snapshot until it is stopped', async (t) => {
  const dir = tmpDir(t)
  const session = startTimeline()
  assert.throws(() => startTimeline(), heapkitError('HEAPKIT_ERR_BUSY', /A timeline is under way/))
  await assert.rejects(takeSnapshot({ dir }), heapkitError('HEAPKIT_ERR_BUSY', /A timeline is under way/))
  await session.stop({ dir })
  await takeSnapshot({ dir })
  assert.equal(ls(dir).length, 2)
})

test('a timeline that is disposed of leaves no file and frees its place', async (t) => {
  const session = startTimeline()
  await session[Symbol.asyncDispose]()
  await takeSnapshot({ dir: tmpDir(t) })
})

test('an output that cannot be opened does not end the timeline', async (t) => {
  const dir = tmpDir(t)
  const session = startTimeline()
  await assert.rejects(session.stop({ dir: __filename }), heapkitError('HEAPKIT_ERR_INVALID_OPTION'))
  await session.stop({ dir })
  assert.equal(ls(dir).length, 1)
})

test('an aborted stop ends the timeline and leaves nothing', async (t) => {
  const dir = tmpDir(t)
  const session = startTimeline()
  const abort = new AbortController()
  const stopped = session.stop({ dir, signal: abort.signal })
  abort.abort()
  await assert.rejects(stopped, heapkitError('HEAPKIT_ERR_ABORTED'))
  await session[Symbol.asyncDispose]()
  assert.deepEqual(ls(dir), [])
  await takeSnapshot({ dir })
})

test('a timeline that is given up takes no snapshot, disturbs no sampling, and the next one works', async (t) => {
  const child = run(t, 'timeline-cancel.js', { args: [tmpDir(t)] })
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
  const { sampledBytes, ...seen } = JSON.parse(child.stdout())
  assert.deepEqual(seen, { tookSnapshot: false, stacks: true })
  assert.ok(sampledBytes > 1_000_000, `${sampledBytes} bytes`)
})

for (const ids of process.platform === 'linux' ? ['inline', 'stable'] : ['inline']) {
  test(`where ids of objects count (${ids}), giving a timeline up does not change them`, async (t) => {
    const child = run(t, 'timeline-cancel.js', { args: [tmpDir(t), ids] })
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
    assert.deepEqual(JSON.parse(child.stdout()), { tookSnapshot: true, sameId: true })
  })
}
