'use strict'

// Copies of snapshots: the same file discipline as for captures (whole or absent, never over another file), packed as the
// copy's name says.

const path = require('node:path')
const { Writer } = require('../native')
const { read, resolved } = require('../heap')
const { UsageError } = require('./usage-error')

const QUEUE_BYTES = 32 * 1024 * 1024
const PATIENCE_MS = 30_000

/** Copies `from` to `to`, redacted if there is a rule; answers what was written, and the redaction's report. */
async function copySnapshot (from, to, { rule, ...control }) {
  const target = path.resolve(to)
  const [compression, level] = to.endsWith('.gz') ? ['gzip', 4] : to.endsWith('.zst') ? ['zstd', 1] : ['none', 0]
  const writer = new Writer({
    dir: path.dirname(target),
    file: path.basename(target),
    prefix: '',
    extension: '',
    compression,
    level,
    stream: false,
    producerWaits: true,
    queueBytes: QUEUE_BYTES,
    patienceMs: PATIENCE_MS
  })
  await writer.open()
  let report
  try {
    report = await read(control, (reading) => reading.copy(resolved(from, 'IN'), writer, rule))
  } catch (error) {
    // A disk that is full is what ended the copy, not the copy itself.
    const failure = error.code === 'HEAPKIT_ERR_ABORTED' ? await writer.finish().then(() => error, (reason) => reason) : error
    await writer.abort(failure.message)
    throw failure
  }
  return { written: await writer.finish(), report }
}

/** The name of a copy without the ending that says how it is packed. */
function unpackedName (file) {
  if (file === '-') throw new UsageError('decompress: a name for what comes from standard input is needed: heapkit decompress - OUT')
  const name = file.replace(/\.(gz|zst)$/, '')
  if (name === file) throw new UsageError(`decompress: ${file} does not end in .gz or .zst; name the copy: heapkit decompress IN OUT`)
  return name
}

module.exports = { copySnapshot, unpackedName }
