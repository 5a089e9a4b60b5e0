'use strict'

// Routes for artifacts on the disk. A name from a URL is matched against heapkit's own pattern and never joined as a path
// before that; what it names must be an ordinary file, not a link.

const fs = require('node:fs')
const path = require('node:path')
const { listArtifacts, artifactPath } = require('../artifacts')
const { Problem, sendJson } = require('./response')
const { downloadHeaders, sendStream } = require('./download')
const { readQuery } = require('./query')

// Windows has no O_NOFOLLOW, and ordinary users cannot make links there.
const FLAGS = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)

async function list ({ res, search, dir }) {
  readQuery(search, {})
  const artifacts = await listArtifacts(dir())
  sendJson(res, 200, artifacts.map((artifact) => ({ name: path.basename(artifact.path), ...artifact })))
}

async function get ({ req, res, search, dir, name }) {
  const artifact = find(name, dir())
  readQuery(search, {})
  const file = await open(artifact.path)
  try {
    const stat = await file.stat()
    if (!stat.isFile()) throw notFound()
    res.writeHead(200, { ...downloadHeaders(req, name), 'Content-Length': stat.size })
    if (req.method === 'HEAD') res.end()
    // As many bytes as were announced, even if the file were to grow.
    else await sendStream(res, file.createReadStream({ start: 0, end: Math.max(0, stat.size - 1), autoClose: false }), { bytes: stat.size })
  } finally {
    await file.close()
  }
}

async function remove ({ res, search, dir, name }) {
  const artifact = find(name, dir())
  readQuery(search, {})
  try {
    const stat = await fs.promises.lstat(artifact.path)
    if (!stat.isFile()) throw notFound()
    await fs.promises.unlink(artifact.path)
  } catch (error) {
    throw error.code === 'ENOENT' ? notFound() : error
  }
  res.writeHead(204, { 'Cache-Control': 'no-store' })
  res.end()
}

function find (name, dir) {
  try {
    return artifactPath(name, dir)
  } catch {
    throw notFound()
  }
}

async function open (file) {
  try {
    return await fs.promises.open(file, FLAGS)
  } catch (error) {
    // ELOOP: a link stands in the artifact's place.
    throw ['ENOENT', 'ELOOP', 'ENXIO'].includes(error.code) ? notFound() : error
  }
}

function notFound () {
  return new Problem(404, 'No such artifact; GET artifacts lists those that there are')
}

module.exports = { list, get, remove }
