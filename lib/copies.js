'use strict'

// Copies of snapshots, redacted or only unpacked, and pages: the same file discipline as for captures (whole or absent, never over another
// file). A copy is packed as its name says.

const path = require('node:path')
const { Writer } = require('./native')
const { aborted } = require('./abort')
const { codes, invalidOption } = require('./errors')
const { read, resolved } = require('./heap')
const options = require('./options')
const { resolve } = require('./working-dir')

/** A copy of the snapshot `input` without the contents of strings. */
async function redactSnapshot (input, output, given) {
  const { rule, ...control } = options.redacting(given)
  const { report, sha256, path: file, bytes, rawBytes } = await copySnapshot(input, output, { rule, ...control })
  return { path: file, bytes, rawBytes, compression: options.packingOf(file).compression, sha256, redacted: JSON.parse(report) }
}

/** Copies `from` to `to`, redacted if there is a rule; answers what was written. */
async function copySnapshot (from, to, { rule, ...control }) {
  const source = options.guarded('input', () => resolved(from, 'input'))
  const target = options.guarded('output', () => resolve(options.pathText(to, 'output')))
  if (target === source) throw invalidOption('output', 'must be another file than the input: the copy is made beside it', to)
  const writer = fileWriter(target, { ...options.packingOf(target), redact: rule && options.bare(rule, { file: source }) })
  await writer.open()
  return await finished(source, writer, control)
}

/** Writes a file that is there whole or not at all; answers what was written. */
async function writeFile (to, text) {
  const writer = fileWriter(resolve(to), options.packingOf(''))
  await writer.open()
  await writer.writeAll(Buffer.from(text))
  return await writer.finish()
}

function fileWriter (target, { compression, level, redact }) {
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

/** What stays of a snapshot when it is redacted: the report with `left`. Nothing is written. */
async function listLeft (from, { rule, ...control }) {
  const source = resolved(from, 'input')
  // To a stream that is empty.
  const writer = new Writer({ dir: path.dirname(source), prefix: '', extension: '', compression: 'none', level: 0, redact: options.bare(rule, { file: source }), stream: true, producerWaits: true })
  await writer.open()
  return JSON.parse((await finished(source, writer, control)).report)
}

/** Reads all of `source` into the writer. Whatever fails, nothing is left of it. */
async function finished (source, writer, control) {
  let refusal
  try {
    await read(control, async (reading) => {
      try {
        return await reading.copy(source, writer)
      } catch (error) {
        refusal = error
        throw error
      }
    })
    // Perhaps by the last report of progress.
    if (control.signal?.aborted) throw aborted(control.signal, 'The reading')
    return await writer.finish()
  } catch (error) {
    // If it was the writer that took no more, why it ended (a full disk, say) matters more.
    const failure = error === refusal && error.code === codes.ABORTED ? await whyEnded(writer, error) : error
    await writer.abort(failure.message)
    throw failure
  }
}

async function whyEnded (writer, error) {
  try {
    await writer.finish()
    return error
  } catch (reason) {
    return reason
  }
}

module.exports = { redactSnapshot, copySnapshot, listLeft, writeFile }
