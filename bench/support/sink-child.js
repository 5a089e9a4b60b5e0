'use strict'

// One pass of a snapshot's text through one codec to one file: the measured process of sink.js. Both sides hash what they
// write and sync it, because an artifact needs both.

const { createHash, randomBytes } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { Readable, Transform } = require('node:stream')
const { pipeline } = require('node:stream/promises')
const { performance } = require('node:perf_hooks')
const zlib = require('node:zlib')
const { serve } = require('./child')
const { mainThread } = require('./proc')

const SIDES = { heapkit: byHeapkit, redacted: byHeapkit, strict: byHeapkit, zlib: byZlib }
/** Whether a redaction is strict. */
const REDACTIONS = { redacted: false, strict: true }
// What V8 hands over at a time.
const CHUNK_BYTES = 64 * 1024

serve(async ({ side, input, dir, compression, level }) => {
  const file = path.join(dir, `${process.pid}.out`)
  const write = await SIDES[side](file, compression, level, side)
  const chunks = split(fs.readFileSync(input))
  const cpu = process.cpuUsage()
  const main = mainThread()
  const start = performance.now()
  const { fed } = await write(chunks)
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const cpuSeconds = (user + system) / 1e6
  // All threads but the one that feeds the writer: the writer's is the only one of them that works.
  const writerSeconds = cpuSeconds - (mainThread().onCpu - main.onCpu) / 1000
  const bytes = fs.statSync(file).size
  fs.unlinkSync(file)
  return { seconds, fedSeconds: fed === undefined ? undefined : (fed - start) / 1000, cpuSeconds, writerSeconds, bytes }
})

function split (raw) {
  const chunks = []
  for (let at = 0; at < raw.length; at += CHUNK_BYTES) chunks.push(raw.subarray(at, at + CHUNK_BYTES))
  return chunks
}

async function byHeapkit (file, compression, level, side) {
  const { Writer } = require('../../lib/native')
  const writer = new Writer({
    dir: path.dirname(file),
    file: path.basename(file),
    prefix: 'Heap',
    extension: 'heapsnapshot',
    stream: false,
    producerWaits: false,
    compression,
    level,
    redact: side in REDACTIONS ? { strict: REDACTIONS[side], keep: [], extra: [], salt: randomBytes(32), left: 0 } : undefined
  })
  await writer.open()
  return async (chunks) => {
    for (const chunk of chunks) writer.write(chunk)
    const fed = performance.now()
    await writer.finish()
    return { fed }
  }
}

async function byZlib (file, _compression, level) {
  return async (chunks) => {
    const hash = createHash('sha256')
    const digest = new Transform({
      transform (chunk, _encoding, done) {
        hash.update(chunk)
        done(null, chunk)
      }
    })
    const gzip = zlib.createGzip({ level, chunkSize: 64 * 1024 })
    // `flush` syncs before it closes.
    await pipeline(Readable.from(chunks), gzip, digest, fs.createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }))
    hash.digest('hex')
    return {}
  }
}
