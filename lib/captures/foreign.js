'use strict'

// Captures of another process, of which somebody brings V8's text: they are written here as its own would be there.

const { HeapkitError, codes } = require('../errors')
const { bare } = require('../options')
const { bytesOf } = require('./bytes')
const { converted } = require('./conversion')
const { announce } = require('./events')
const { Recording } = require('./recording')

/**
 * Opens the output, and only then has `collect()` begin, which answers V8's text. `subject` says whose it is (subject.js), `about` what other formats say of it ({ sampleInterval }).
 * Answers { artifact, chunks }; the latter are the bytes of one that goes into no file.
 */
async function recordForeign (kind, subject, wanted, about, collect) {
  const start = announce(kind)
  const { stream = false } = wanted
  const recording = new Recording(kind, converted(kind, bare(wanted, { subject }), { ...about, start }), { start, stream })
  await recording.open()
  const chunks = stream ? bytesOf(recording) : undefined
  const text = await recording.step(collect)
  await recording.writeText(text)
  return { artifact: await recording.finish(), chunks: await chunks }
}

/**
 * Of a process that packs by itself: opens the output, and has `take(write)` hand out the bytes as they are to be in the file, and answer the artifact as it was there. Answers
 * that of the file here. Both must agree on what the bytes are.
 */
async function receiveForeign (kind, subject, wanted, take) {
  const asTheyAre = bare(wanted, { subject, redact: undefined, output: bare(wanted.output, { compression: 'none', level: 0 }) })
  const recording = new Recording(kind, asTheyAre)
  await recording.open()
  const there = await recording.step(() => take((bytes) => recording.write(bytes)))
  const { path, bytes, sha256, durationMs } = await recording.finish()
  if (sha256 !== there.sha256) throw new HeapkitError(codes.INTERNAL, `A bug in heapkit, please report it: ${path} has ${bytes} bytes (SHA-256 ${sha256}); process ${subject.pid} sent ${there.bytes} (${there.sha256})`)
  return { ...there, path, durationMs, pid: subject.pid }
}

module.exports = { recordForeign, receiveForeign }
