'use strict'

// heapkit decompress IN [OUT]: DevTools' Memory panel opens plain files only.

const { command, COMMON_USAGE } = require('./command')
const { copySnapshot, unpackedName } = require('./copy')
const { bytes } = require('./table')

const usage = `Usage: heapkit decompress IN [OUT] [--json]

Unpacks a .gz or .zst file for DevTools. Without OUT the copy lies beside it, under the same name without the ending.

Options:
${COMMON_USAGE}`

async function run ([from, to = unpackedName(from)], { json }, { output, control: { onProgress } }) {
  const written = await copySnapshot(from, to, { onProgress })
  if (json) return output.json({ path: written.path, bytes: written.bytes })
  output.write(`${written.path}  ${bytes(written.bytes)}\n`)
}

module.exports = command({ usage, reads: false, run })
