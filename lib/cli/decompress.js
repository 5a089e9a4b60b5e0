'use strict'

// heapkit decompress IN [OUT]: DevTools' Memory panel opens plain files only.

const { copySnapshot } = require('../copies')
const { packingOf } = require('../options')
const { command, COMMON_USAGE, namedOutput } = require('./command')
const { interruptible } = require('./interrupt')
const { UsageError } = require('./usage-error')
const { bytes, visible } = require('./table')

const usage = `Usage: heapkit decompress IN [OUT] [--json]

Unpacks a .gz or .zst file for DevTools. Without OUT the copy lies beside it, under the same name without the ending.
OUT is never another file's place; Ctrl-C leaves nothing behind.

Options:
${COMMON_USAGE}`

async function run ([from, to = unpackedName(from)], { json }, { output, control: { onProgress } }) {
  return await interruptible(async (signal) => {
    const written = await copySnapshot(from, namedOutput('decompress', to), { onProgress, signal })
    if (json) return output.json({ path: written.path, bytes: written.bytes })
    output.write(`${visible(written.path)}  ${bytes(written.bytes)}\n`)
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

module.exports = command({ usage, reads: false, run })
