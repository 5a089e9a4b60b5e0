'use strict'

// Copies of snapshots, and pages: the same file discipline as for captures (whole or absent, never over another file). A copy is packed as
// its name says.

const path = require('node:path')
const { Writer } = require('../native')
const { codes } = require('../errors')
const { read, resolved } = require('../heap')
const { packingOf } = require('../options')
const { UsageError } = require('./usage-error')

/** Copies `from` to `to`, redacted if there is a rule; answers what was written. */
async function copySnapshot (from, to, { rule, ...control }) {
  const source = resolved(from, 'IN')
  const writer = fileWriter(to, { ...packingOf(to), redact: rule && { ...rule, file: source } })
  await writer.open()
  try {
    await read(control, (reading) => reading.copy(source, writer))
  } catch (error) {
    // Why the writing ended (a full disk, say) matters more than that the reading was given up for it.
    const failure = error.code === codes.ABORTED ? await writer.finish().then(() => error, (reason) => reason) : error
    await writer.abort(failure.message)
    throw failure
  }
  return writer.finish()
}

/** Writes a file that is there whole or not at all; answers what was written. */
async function writeFile (to, text) {
  const writer = fileWriter(to, packingOf(''))
  await writer.open()
  await writer.writeAll(Buffer.from(text))
  return writer.finish()
}

function fileWriter (to, { compression, level, redact }) {
  const target = path.resolve(to)
  return new Writer({
    dir: path.dirname(target),
    file: path.basename(target),
    prefix: '',
    extension: '',
    compression,
    level,
    redact,
    stream: false,
    producerWaits: true
  })
}

/** The name of a copy without the ending that says how it is packed. */
function unpackedName (file) {
  if (file === '-') throw new UsageError('decompress: standard input has no name; give the copy one: heapkit decompress - OUT')
  const { extension } = packingOf(file)
  const name = file.slice(0, file.length - extension.length)
  if (name === file) throw new UsageError(`decompress: ${file} does not end in .gz or .zst; name the copy: heapkit decompress IN OUT`)
  return name
}

module.exports = { copySnapshot, writeFile, unpackedName }
