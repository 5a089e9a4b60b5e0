'use strict'

// Artifacts that are on the disk, known by their names. Directories are read, and what is in them written down as JSON, on other threads.

const path = require('node:path')
const native = require('./native')
const { resolveDir } = require('./options')
const { invalidOption } = require('./errors')

async function listArtifacts (dir) {
  if (dir !== undefined && (typeof dir !== 'string' || dir === '' || dir.includes('\0'))) {
    throw invalidOption('dir', 'must be a path: a string that is not empty', dir)
  }
  return JSON.parse(await unlessMissing(native.listArtifacts(resolveDir(dir)), '[]')).map(entry)
}

/** Captures make the directory when there is something to put there. */
async function unlessMissing (reading, nothing) {
  try {
    return await reading
  } catch (error) {
    if (error.cause?.code === 'ENOENT') return nothing
    throw error
  }
}

function entry ({ kind, format, path: file, bytes, compression, date, time, pid, threadId }) {
  return { kind, format, path: file, bytes, compression, createdAt: createdAt(date, time), pid, threadId }
}

/** The name has local time, as Node's own files do. */
function createdAt (date, time) {
  return new Date(Number(date.slice(0, 4)), date.slice(4, 6) - 1, Number(date.slice(6)),
    Number(time.slice(0, 2)), Number(time.slice(2, 4)), Number(time.slice(4))).toISOString()
}

/** A directory as it was read once: { count, bytes, freeDiskBytes }, and its artifacts a page at a time. */
class Directory {
  #listing
  #pages = new Map()

  /** `listing` is the core's; undefined where there is no such directory. */
  constructor (listing) {
    this.#listing = listing
    this.count = listing?.count ?? 0
    this.bytes = listing?.bytes ?? 0
    this.freeDiskBytes = listing?.freeDiskBytes ?? null
  }

  /** { artifacts, hasMore }: at most `limit` of those behind the name `after`, newest first by their names. Made once for all who ask. */
  page (limit, after) {
    const key = `${limit} ${after}`
    if (!this.#pages.has(key)) this.#pages.set(key, this.#page(limit, after))
    return this.#pages.get(key)
  }

  async #page (limit, after) {
    if (!this.#listing) return { artifacts: [], hasMore: false }
    const { artifacts, hasMore } = JSON.parse(await this.#listing.page(limit, after))
    return { artifacts: artifacts.map(entry), hasMore }
  }
}

/** The readings under way, by directory: { now, next }. */
const readings = new Map()

/**
 * Reads a directory, for totals and pages. However many ask, one reading of a directory is under way at a time: who asks meanwhile shares
 * the next one with all others who do. The one that is under way may have passed what they have just written.
 */
function readDirectory (dir) {
  const reading = readings.get(dir)
  if (reading) {
    reading.next ??= after(reading.now, () => readDirectory(dir))
    return reading.next
  }
  const now = readNow(dir)
  readings.set(dir, { now })
  return now
}

async function readNow (dir) {
  try {
    return new Directory(await unlessMissing(native.readDirectory(dir)))
  } finally {
    readings.delete(dir)
  }
}

/** Does `work` when `promise` has settled. */
async function after (promise, work) {
  try {
    await promise
  } catch {
    // That is for those who asked for it.
  }
  return await work()
}

/**
 * The path of the artifact called `name`, which can be nothing but a name that heapkit makes; undefined where there is none. Rejects where the
 * volume does not answer: Node.js would wait for it with a thread that the whole service needs.
 */
async function findArtifact (name, dir) {
  if (!isArtifactName(name)) return undefined
  const there = resolveDir(dir)
  const artifact = path.join(there, name)
  return await native.isThere(there, name) ? artifact : undefined
}

function isArtifactName (name) {
  return native.parseArtifactName(name) !== null
}

module.exports = { listArtifacts, readDirectory, findArtifact, isArtifactName }
