'use strict'

// Snapshots that are read: openSnapshot() and diffSnapshots(). Everything is worked out on threads of heapkit's own; this thread
// only passes questions and answers on.

const { HeapReading, abandonOnExit } = require('./native')
const { HeapkitError, codes, invalidOption, describe } = require('./errors')
const { listen, leave, aborted } = require('./abort')
const options = require('./options')
const { bare } = options
const { nearest } = require('./options/nearest')
const { tell } = require('./progress')
const time = require('./time')
const { resolve } = require('./working-dir')

const PROGRESS_EVERY_MS = 50
const WHAT = 'The reading'

/** A snapshot in memory. */
class HeapGraph {
  #file
  #memory

  /** Use openSnapshot(). */
  constructor (file, memory) {
    this.#file = file
    this.#memory = memory
  }

  summary (given) {
    return this.#ask(() => options.summary(given), (file, reading, { top, sort }) => file.summary(reading, top, sort))
  }

  suspects (given) {
    return this.#ask(() => options.suspects(given), (file, reading, { threshold }) => file.suspects(reading, threshold))
  }

  retainers (target, given) {
    return this.#ask(() => bare({ target: targetText(target) }, options.top(given, 'paths', 10)), async (file, reading, { target, paths }) => {
      const answer = await file.retainers(reading, target, paths)
      if (answer === null) throw invalidOption('target', await whyMissing(file, reading, target))
      return answer
    })
  }

  /** What `heapkit report` shows. */
  report (given) {
    return this.#ask(() => options.top(given, 'top', 1000), (file, reading, { top }) => file.report(reading, top))
  }

  /** Gives its memory back. */
  close () {
    this.#file?.close()
    this.#file = undefined
  }

  async #ask (validate, question) {
    if (this.#file === undefined) throw new HeapkitError(codes.NOT_ACTIVE, 'This snapshot was closed; open it again with openSnapshot()')
    const wanted = validate()
    return await read(bare({ memory: this.#memory }, wanted), (reading) => question(this.#file, reading, wanted))
  }
}
if (Symbol.dispose) HeapGraph.prototype[Symbol.dispose] = HeapGraph.prototype.close

/** How many classes are looked through for one that may have been meant. */
const MOST_CLASSES = 10_000

/** Why there is no such target, and what may have been meant. */
async function whyMissing (file, reading, target) {
  const what = `names nothing that this snapshot has: ${describe(target)}`
  if (/^@\d+$/.test(target)) {
    return `${what} is no object of it. Ids are those of one snapshot: take one from its summary, its suspects, or the retainers of a class`
  }
  if (/^\d+$/.test(target)) return `${what} is no class of it. For the object with that id write \`@${target}\``
  const { classes } = await file.summary(reading, MOST_CLASSES, 'retained')
  const meant = nearest(target, classes.map(({ name }) => name))
  return `${what} is no class of it; ${meant === undefined ? 'its summary has them' : `did you mean \`${meant}\`?`}`
}

function targetText (target) {
  if (Number.isSafeInteger(target) && target >= 0) return `@${target}`
  if (typeof target === 'string' && target !== '') return target
  throw invalidOption('target', 'must be the id of an object (a number, or `@123`) or the name of a class', target)
}

/** Reads a snapshot: plain, gzip or zstd. */
async function openSnapshot (file, given) {
  const wanted = options.reading(given)
  const path = options.guarded('path', () => resolved(file, 'path'))
  return new HeapGraph(await read(wanted, (reading) => reading.open(path, opening(wanted))), wanted.memory)
}

/** Compares two or more snapshots, in the order in which they were taken. */
async function diffSnapshots (files, given) {
  const paths = options.guarded('paths', () => Array.isArray(files) ? [...files] : [])
  if (paths.length < 2) throw invalidOption('paths', 'must be an array of at least two paths, the earlier first', files)
  if (paths.filter((file) => file === '-').length > 1) throw invalidOption('paths', 'may have standard input (`-`) once: it can be read only once')
  const wanted = options.diff(given)
  return await read(wanted, (reading) => reading.diff(paths.map((file) => options.guarded('paths', () => resolved(file, 'paths'))), wanted.top, wanted.tree, opening(wanted)))
}

/** How files are opened. */
function opening ({ partial, sourceMaps }) {
  return bare({ partial, sourceMaps: folders(sourceMaps) })
}

/** Folders of source maps are relative to what paths are; none means those of the scripts. */
function folders (sourceMaps) {
  return sourceMaps?.map((dir) => resolve(dir))
}

/** Does `work` with a HeapReading, while progress is reported and the signal is listened to. */
async function read ({ signal, onProgress, memory = options.reading().memory }, work) {
  abandonOnExit()
  const reading = new HeapReading(memory)
  let given
  const onAbort = () => {
    given = aborted(signal, WHAT)
    reading.cancel()
  }
  let failure
  const report = () => {
    const { stage, read: readBytes, total } = reading.progress()
    tell(onProgress, { phase: stage, readBytes, totalBytes: total === 0 ? null : total }, (error) => {
      failure ??= error
      reading.cancel()
    })
  }
  listen(signal, onAbort, WHAT)
  let watch
  try {
    if (onProgress) watch = time.every(PROGRESS_EVERY_MS, report)
    const result = await work(reading)
    if (onProgress) report()
    if (failure) throw failure
    return result
  } catch (error) {
    throw failure ?? given ?? error
  } finally {
    watch?.cancel()
    leave(signal, onAbort)
  }
}

/** `-` is standard input. */
function resolved (file, name) {
  if (file instanceof URL) throw invalidOption(name, 'must be a path; use fileURLToPath()', file)
  return options.pathText(file, name) === '-' ? '-' : resolve(file)
}

module.exports = { openSnapshot, diffSnapshots, read, resolved, folders }
