'use strict'

const assert = require('node:assert/strict')
const { createHash, randomBytes } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const { test } = require('node:test')
const { pipeline } = require('node:stream/promises')
const zlib = require('node:zlib')
const { createSnapshotStream, takeSnapshot } = require('..')
const { nextEvent } = require('./http-support')
const { linux, posix } = require('./needs')
const { tmpDir, ls, parseSnapshot, run, until, heapkitError } = require('./support')

async function collect (stream) {
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

test('a stream gives the compressed snapshot, and its artifact at the end', async () => {
  const stream = createSnapshotStream()
  assert.match(stream.fileName, new RegExp(`^Heap\\.\\d{8}\\.\\d{6}\\.${process.pid}\\.0\\.\\d{3,}\\.heapsnapshot\\.gz$`))
  assert.equal(stream.artifact, undefined)
  const packed = await collect(stream)
  parseSnapshot(zlib.gunzipSync(packed).toString())
  assert.equal(stream.artifact.path, null)
  assert.equal(stream.artifact.kind, 'snapshot')
  assert.equal(stream.artifact.bytes, packed.length)
  assert.equal(stream.artifact.sha256, createHash('sha256').update(packed).digest('hex'))
})

test('what is not read yet waits in a file that goes with the stream, not in memory', async (t) => {
  const dir = tmpDir(t)
  // Random text does not compress, so that the stream is larger than what it may hold in memory (4 MiB).
  globalThis.noise = Array.from({ length: 16_000 }, () => randomBytes(500).toString('base64'))
  const stream = createSnapshotStream({ dir, compression: 'gzip', level: 1 })
  t.after(() => { delete globalThis.noise })
  await once(stream, 'readable')
  // Windows keeps the name of an open file: there it is a temporary's.
  assert.match(ls(dir).join(), posix('files without a name') ? /^stream\.heapkit-\d+-[0-9a-f]{16}\.partial$/ : /^$/)
  const packed = await collect(stream)
  assert.ok(packed.length > 8 * 1024 * 1024, `${packed.length} bytes`)
  parseSnapshot(zlib.gunzipSync(packed).toString())
  await until(() => ls(dir).length === 0, 'the file to be gone')
})

test('a slow reader gets everything, with backpressure', async () => {
  let bytes = 0
  const stream = createSnapshotStream({ compression: 'none' })
  await pipeline(stream, async function (source) {
    for await (const chunk of source) {
      bytes += chunk.length
      await new Promise((resolve) => setImmediate(resolve))
    }
  })
  assert.equal(bytes, stream.artifact.rawBytes)
})

test('a stream can be destroyed with anything', async () => {
  const stream = createSnapshotStream()
  const failed = nextEvent('error')
  const closed = new Promise((resolve) => stream.on('error', () => {}).on('close', resolve))
  stream.destroy('text')
  await closed
  const { error } = await failed
  heapkitError('HEAPKIT_ERR_ABORTED', /its stream was destroyed before the end$/)(error)
  assert.equal(error.cause, 'text')
  parseSnapshot(zlib.gunzipSync(await collect(createSnapshotStream())).toString())
})

for (const [what, reason] of [
  ['null', null],
  ['a number', 42],
  ['an object without a prototype', Object.create(null)],
  ['an error whose message is none', Object.assign(new Error('?'), { message: 42 })],
  ['an error without a message', Object.assign(new Error('?'), { message: undefined })]
]) {
  test(`a stream that is destroyed with ${what} ends, and the next one works`, async () => {
    const stream = createSnapshotStream()
    const failed = nextEvent('error')
    await new Promise((resolve) => stream.on('error', () => {}).on('close', resolve).destroy(reason))
    await failed
    parseSnapshot(zlib.gunzipSync(await collect(createSnapshotStream())).toString())
  })
}

test('a stream that its reader destroys while it reads ends, and the next one works', async () => {
  const stream = createSnapshotStream()
  await new Promise((resolve) => stream.on('data', () => stream.destroy()).on('close', resolve))
  parseSnapshot(zlib.gunzipSync(await collect(createSnapshotStream())).toString())
})

test('a stream that is destroyed when V8 is through gives its space on the disk back at once', {
  skip: linux('/proc tells open files')
}, async (t) => {
  const dir = tmpDir(t)
  globalThis.noise = Array.from({ length: 16_000 }, () => randomBytes(500).toString('base64'))
  t.after(() => { delete globalThis.noise })
  const spools = () => fs.readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).startsWith(dir)
    } catch {
      // The descriptor of this very listing.
      return false
    }
  }).length
  let isComplete = false
  nextEvent('end').then(() => { isComplete = true })
  const stream = createSnapshotStream({ dir, mode: 'inline', compression: 'none' })
  // A stream that nobody reads keeps no process alive.
  await until(() => isComplete)
  assert.equal(spools(), 1)
  await new Promise((resolve) => stream.on('close', resolve).destroy())
  // By the capture's thread, which no garbage collection has to wake.
  await until(() => spools() === 0, 'the space to be free')
})

for (const [what, output] of [['unreadForkedStream', ''], ['readForkedStream', 'end\n']]) {
  // The limit is for a child that never exits.
  test(`a forked stream keeps its process alive while somebody reads it, no longer: ${what}`, {
    timeout: 60_000,
    skip: linux('fork')
  }, async (t) => {
    const child = run(t, 'lifecycle-only.js', { args: [tmpDir(t), what] })
    assert.deepEqual(await child.exit, { code: 0, signal: null })
    assert.equal(child.stdout(), output)
    assert.equal(child.stderr(), '')
  })
}

test('a destroyed stream gives its capture up and the next one works', async () => {
  const stream = createSnapshotStream()
  await once(stream, 'data')
  stream.destroy()
  await once(stream, 'close')
  const early = createSnapshotStream()
  early.destroy()
  await once(early, 'close')
  parseSnapshot(zlib.gunzipSync(await collect(createSnapshotStream())).toString())
})

test('a stream fails by its error event', async (t) => {
  const aborted = createSnapshotStream({ signal: AbortSignal.abort() })
  const [error] = await once(aborted, 'error')
  heapkitError('HEAPKIT_ERR_ABORTED')(error)
  await assert.rejects(collect(createSnapshotStream({ timeoutMs: 1 })), heapkitError('HEAPKIT_ERR_TIMEOUT'))
  await takeSnapshot({ dir: tmpDir(t) })
})

test('a stream is refused at once while a snapshot is under way, and for wrong options', async (t) => {
  const pending = takeSnapshot({ dir: tmpDir(t) })
  assert.throws(() => createSnapshotStream(), heapkitError('HEAPKIT_ERR_BUSY'))
  await pending
  assert.throws(() => createSnapshotStream({ compression: 'rar' }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /`compression`/))
  assert.throws(() => createSnapshotStream({ mode: 'spoon' }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /`mode`/))
})
