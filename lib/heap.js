'use strict'

// Snapshots that are read: openSnapshot() and diffSnapshots(). Everything is worked out on threads of the pool; this thread
// only passes questions and answers on.

const { HeapReading } = require('./native')
const { HeapkitError, codes, invalidOption } = require('./errors')
const { listen, leave, aborted } = require('./abort')
const options = require('./options')
const { tell } = require('./progress')
const time = require('./time')
const { resolve } = require('./working-dir')

const PROGRESS_EVERY_MS = 50
const WHAT = 'The reading'

/** A snapshot in memory. */
class HeapGraph {
  #file

  /** Use openSnapshot(). */
  constructor (file) { this.#file = file }

  summary (given) {
    return this.#ask(() => options.summary(given), (file, { top, sort }) => file.summary(top, sort))
  }

  suspects (given) {
    return this.#ask(() => options.suspects(given), (file, { threshold }) => file.suspects(threshold))
  }

  retainers (target, given) {
    return this.#ask(() => ({ target: targetText(target), paths: options.top(given, 'paths', 10) }), async (file, { target, paths }) => {
      const answer = await file.retainers(target, paths)
      if (answer === null) throw invalidOption('target', 'must be the id (`@123`) of an object, or the name of a class, that this snapshot has', target)
      return answer
    })
  }

  /** What `heapkit report` shows. */
  report (given) {
    return this.#ask(() => options.top(given, 'top', 1000), (file, top) => file.report(top))
  }

  /** Gives its memory back. */
  close () {
    this.#file?.close()
    this.#file = undefined
  }

  async #ask (validate, question) {
    if (this.#file === undefined) throw new HeapkitError(codes.NOT_ACTIVE, 'This snapshot was closed; open it again with openSnapshot()')
    return await question(this.#file, validate())
  }
}
if (Symbol.dispose) HeapGraph.prototype[Symbol.dispose] = HeapGraph.prototype.close

function targetText (target) {
  if (Number.isSafeInteger(target) && target >= 0) return `@${target}`
  if (typeof target === 'string' && target !== '') return target
  throw invalidOption('target', 'must be the id of an object (a number, or `@123`) or the name of a class', target)
}

/** Reads a snapshot: plain, gzip or zstd. */
async function openSnapshot (file, given) {
  const wanted = options.reading(given)
  return new HeapGraph(await read(wanted, (reading) => reading.open(options.guarded('path', () => resolved(file, 'path')), wanted.partial)))
}

/** Compares two or more snapshots, in the order in which they were taken. */
async function diffSnapshots (files, given) {
  const paths = options.guarded('paths', () => Array.isArray(files) ? [...files] : [])
  if (paths.length < 2) throw invalidOption('paths', 'must be an array of at least two paths, the earlier first', files)
  const wanted = options.diff(given)
  return await read(wanted, (reading) => reading.diff(paths.map((file) => options.guarded('paths', () => resolved(file, 'paths'))), wanted.top, wanted.tree, wanted.partial))
}

/** Does `work` with a HeapReading, while progress is reported and the signal is listened to. */
async function read ({ signal, onProgress }, work) {
  const reading = new HeapReading()
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

module.exports = { openSnapshot, diffSnapshots, read, resolved }
