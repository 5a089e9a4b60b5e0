'use strict'

// Artifacts that are on the disk, known by their names.

const path = require('node:path')
const native = require('./native')
const { resolveDir } = require('./options')
const { HeapkitError, codes, invalidOption } = require('./errors')

async function listArtifacts (dir) {
  if (dir !== undefined && (typeof dir !== 'string' || dir === '' || dir.includes('\0'))) {
    throw invalidOption('dir', 'must be a path: a string that is not empty', dir)
  }
  const resolved = resolveDir(dir)
  try {
    const files = await native.listArtifacts(resolved)
    return files.map(({ path: file, bytes, name }) => entry(file, bytes, name))
  } catch (error) {
    // Captures make the directory when there is something to put there.
    if (error.cause?.code === 'ENOENT') return []
    throw error
  }
}

function entry (file, bytes, { kind, format, compression, date, time, pid, threadId }) {
  return { kind, format, path: file, bytes, compression, createdAt: createdAt(date, time), pid, threadId }
}

/** The name has local time, as Node's own files do. */
function createdAt (date, time) {
  const [, year, month, day] = /^(\d{4})(\d\d)(\d\d)$/.exec(date)
  const [, hours, minutes, seconds] = /^(\d\d)(\d\d)(\d\d)$/.exec(time)
  return new Date(year, month - 1, day, hours, minutes, seconds).toISOString()
}

/** The path of the artifact called `name`, which can be nothing but a name that heapkit makes. */
function artifactPath (name, dir) {
  const parts = native.parseArtifactName(name)
  if (!parts) throw new HeapkitError(codes.INVALID_OPTION, 'That is not the name of an artifact', { option: 'name' })
  return { path: path.join(resolveDir(dir), name), ...parts }
}

module.exports = { listArtifacts, artifactPath }
