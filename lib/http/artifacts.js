'use strict'

// Routes for artifacts on the disk. A name from a URL is matched against heapkit's own pattern and never joined as a path
// before that; what it names must be an ordinary file, not a link.

const fs = require('node:fs')
const path = require('node:path')
const { readDirectory, findArtifact, isArtifactName } = require('../artifacts')
const { watchClient } = require('./client')
const { Problem, send, toJson } = require('./response')
const { downloadHeaders, sendStream } = require('./download')
const { readQuery, integerUpTo } = require('./query')

// Windows has no O_NOFOLLOW, and ordinary users cannot make links there.
const FLAGS = fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0) | (fs.constants.O_NONBLOCK ?? 0)

const PAGE = 100
const MAX_PAGE = 1000

/** The body of each page, made once for all who ask for it. */
const bodies = new WeakMap()

async function list ({ res, search, dir }) {
  const { limit = PAGE, after } = readQuery(search, { limit: integerUpTo(MAX_PAGE), after: artifactName })
  const directory = await readDirectory(dir())
  const page = await directory.page(limit, after)
  const names = page.artifacts.map((artifact) => path.basename(artifact.path))
  if (!bodies.has(page)) bodies.set(page, toJson(page.artifacts.map((artifact, at) => ({ name: names[at], ...artifact }))))
  // Without a path, because a proxy may have another one.
  const headers = page.hasMore ? { Link: `<?limit=${limit}&after=${names.at(-1)}>; rel="next"` } : undefined
  send(res, 200, 'application/json', bodies.get(page), headers)
}

function artifactName (text, name) {
  if (!isArtifactName(text)) throw new Problem(400, `Parameter ${name} must be the name of an artifact, as the list has them`)
  return text
}

async function get ({ req, res, search, dir, name }) {
  const artifact = await find(name, dir())
  readQuery(search, {})
  const file = await open(artifact)
  try {
    const stat = await file.stat({ bigint: true })
    if (!stat.isFile()) throw notFound()
    res.writeHead(200, { ...downloadHeaders(req, name), 'Content-Length': Number(stat.size), 'Accept-Ranges': 'none' })
    if (req.method === 'HEAD') res.end()
    else await sendFile(req, res, file, stat)
  } finally {
    await file.close()
  }
}

/** Sends as many bytes as were announced, and breaks off if the file has changed meanwhile. */
async function sendFile (req, res, file, stat) {
  const bytes = Number(stat.size)
  const client = watchClient(req, res)
  try {
    const source = file.createReadStream({ start: 0, end: Math.max(0, bytes - 1), autoClose: false })
    await sendStream(res, source, { bytes, check: () => mustBeSame(file, stat), signal: client.signal })
  } finally {
    client.release()
  }
}

/** Node's own diagnostic files have their final names while they are written. Whoever fetches one then must not take a part for the whole. */
async function mustBeSame (file, { size, mtimeNs }) {
  const now = await file.stat({ bigint: true })
  if (now.size !== size || now.mtimeNs !== mtimeNs) throw new Error(`The file was changed while it was sent: it had ${size} bytes, and now has ${now.size}`)
}

async function remove ({ res, search, dir, name }) {
  const artifact = await find(name, dir())
  readQuery(search, {})
  try {
    const stat = await fs.promises.lstat(artifact)
    if (!stat.isFile()) throw notFound()
    await fs.promises.unlink(artifact)
  } catch (error) {
    throw error.code === 'ENOENT' ? notFound() : error
  }
  res.writeHead(204, { 'Cache-Control': 'no-store' })
  res.end()
}

async function find (name, dir) {
  const artifact = await findArtifact(name, dir)
  if (artifact === undefined) throw notFound()
  return artifact
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
