'use strict'

const assert = require('node:assert/strict')
const path = require('node:path')
const { test } = require('node:test')
const { startCpuProfile } = require('..')
const { tmpDir, ls, readArtifact, heapkitError } = require('./support')

function burn () {
  const until = process.cpuUsage().user + 100_000
  while (process.cpuUsage().user < until);
}

test('a CPU profile names the function that burns', async (t) => {
  const session = startCpuProfile()
  burn()
  const artifact = await session.stop({ dir: tmpDir(t) })
  assert.equal(artifact.kind, 'cpu')
  assert.equal(artifact.format, 'cpuprofile')
  assert.equal(artifact.startedAt, session.startedAt.toISOString())
  assert.match(path.basename(artifact.path), /^CPU\..*\.cpuprofile\.gz$/)
  const { nodes, samples, timeDeltas } = JSON.parse(readArtifact(artifact))
  assert.ok(nodes.some(({ callFrame }) => callFrame.functionName === 'burn'))
  assert.equal(samples.length, timeDeltas.length)
})

test('a shorter interval gives more samples', async (t) => {
  const dir = tmpDir(t)
  const count = async (sampleInterval) => {
    const session = startCpuProfile({ sampleInterval })
    burn()
    return JSON.parse(readArtifact(await session.stop({ dir }))).samples.length
  }
  const [coarse, fine] = [await count(20_000), await count(500)]
  assert.ok(fine > 2 * coarse, `${fine} against ${coarse}`)
})

test('one CPU profile at a time in a thread', async (t) => {
  const dir = tmpDir(t)
  const session = startCpuProfile()
  assert.throws(() => startCpuProfile(), heapkitError('HEAPKIT_ERR_BUSY', /cpu session/))
  await session.stop({ dir })
  await startCpuProfile()[Symbol.asyncDispose]()
  await startCpuProfile().stop({ dir })
  assert.equal(ls(dir).length, 2)
})

test('what was collected survives a disk that fails', async (t) => {
  const dir = tmpDir(t)
  const session = startCpuProfile()
  burn()
  await assert.rejects(session.stop({ file: __filename }), heapkitError('HEAPKIT_ERR_EXISTS', /never overwrites/))
  // The abort comes when the output is open and V8 has stopped.
  const abort = new AbortController()
  const stopped = session.stop({ dir, signal: abort.signal })
  setImmediate(() => abort.abort())
  const early = await stopped.catch((error) => error)
  if (early instanceof Error) {
    heapkitError('HEAPKIT_ERR_ABORTED')(early)
    assert.ok(JSON.parse(readArtifact(await session.stop({ dir }))).samples.length > 10)
  }
  assert.equal(ls(dir).length, 1)
})
