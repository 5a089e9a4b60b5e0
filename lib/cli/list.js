'use strict'

// heapkit list [DIR]: the artifacts in a directory.

const path = require('node:path')
const { listArtifacts } = require('../artifacts')
const { command } = require('./command')
const { table, bytes, ending } = require('./table')

const usage = `Usage: heapkit list [DIR] [--json]

Lists heapkit's artifacts in DIR (HEAPKIT_DIR, or the current directory), oldest first.

Options:
  --json      one JSON array
  -h, --help  this text
`

/** Names have as much room as they need: who lists them wants to type them. */
const NAME_WIDTH = 100
// They are in the name of the file, too.
const LEAST_TELLING = ['THREAD', 'PID', 'CREATED']

async function run ([dir], { json }, { output }) {
  const artifacts = await listArtifacts(dir)
  if (json) return output.json(artifacts)
  if (artifacts.length === 0) return output.write('No artifacts\n')
  output.write(table(['KIND', 'CREATED', 'PID', 'THREAD', 'SIZE', 'FILE'], artifacts.map((artifact) => [
    artifact.kind, artifact.createdAt, String(artifact.pid), String(artifact.threadId), bytes(artifact.bytes), path.basename(artifact.path)
  ]), ['PID', 'THREAD', 'SIZE'], { width: output.width, cut: { FILE: ending }, least: NAME_WIDTH, drop: LEAST_TELLING }))
}

module.exports = command({ usage, reads: false, run })
