'use strict'

// heapkit list [DIR]: the artifacts in a directory.

const path = require('node:path')
const { parseArgs } = require('node:util')
const { listArtifacts } = require('../artifacts')
const { UsageError } = require('./usage-error')
const { table, bytes } = require('./table')

const USAGE = `Usage: heapkit list [DIR] [--json]

Lists heapkit's artifacts in DIR (HEAPKIT_DIR, or the current directory), oldest first.

Options:
  --json      one JSON array
  -h, --help  this text
`

async function run (args, { stdout }) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } }
  })
  if (values.help) {
    stdout.write(USAGE)
    return 0
  }
  if (positionals.length > 1) throw new UsageError('list takes one directory')
  const artifacts = await listArtifacts(positionals[0])
  if (values.json) {
    stdout.write(JSON.stringify(artifacts, null, 2) + '\n')
    return 0
  }
  if (artifacts.length === 0) {
    stdout.write('No artifacts\n')
    return 0
  }
  stdout.write(table(['KIND', 'CREATED', 'PID', 'THREAD', 'SIZE', 'FILE'], artifacts.map((artifact) => [
    artifact.kind, artifact.createdAt, String(artifact.pid), String(artifact.threadId), bytes(artifact.bytes), path.basename(artifact.path)
  ]), ['PID', 'THREAD', 'SIZE']))
  return 0
}

module.exports = { run }
