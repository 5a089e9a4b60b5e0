'use strict'

// The only file that requires the native addon: named re-exports, and its errors as HeapkitErrors.

const { HeapkitError, codes, textOf } = require('./errors')
const { deferred } = require('./promises')
const { runtime } = require('./runtime')
const { systemError } = require('./system-error')
const { bare } = require('./options/read')

const binding = load()

function load () {
  try {
    return require('./binding.js')
  } catch (cause) {
    const { platform, arch } = process
    throw new HeapkitError(codes.BINDING,
      `heapkit's native addon cannot be loaded on ${platform}-${arch}, ${runtime.label}: ${whyNotLoaded(cause)}`, { cause })
  }
}

/** The generated loader tries several files, and chains the messages of all attempts, without their codes. */
function whyNotLoaded (error) {
  for (let attempt = error; attempt; attempt = attempt.cause) {
    if (/^Cannot find (module|native binding)/.test(attempt.message)) continue
    const advice = /loading addons is disabled/.test(attempt.message) ? ' With --permission, Node.js needs --allow-addons' : ''
    return attempt.message + advice
  }
  return 'its package for this platform is not installed. Install heapkit on the platform where it is to run, and without ' +
    '--omit=optional; in a checkout, build it with `npm run build`'
}

/** The core's errors arrive as one line of JSON in `message`. */
function fromNative (error) {
  let record
  try {
    record = JSON.parse(error.message)
  } catch {
    return new HeapkitError(codes.INTERNAL,
      `A bug in heapkit, please report it: ${textOf(error)}`, { cause: error })
  }
  const { code, message, option, path } = record
  return new HeapkitError(code, message, { option, path, cause: systemError(record) })
}

function call (fn, ...args) {
  try {
    return fn(...args)
  } catch (error) {
    throw fromNative(error)
  }
}

async function callAsync (fn, ...args) {
  try {
    return await fn(...args)
  } catch (error) {
    throw fromNative(error)
  }
}

/** A promise that does not keep the process alive: `start(callback)` is called at once, and calls `callback(error, value)` later. */
function callWeakly (start) {
  return callAsync(() => {
    const { promise, resolve, reject } = deferred()
    start((error, value) => typeof error === 'string' ? reject(new Error(error)) : resolve(value))
    return promise
  })
}

// How many bytes may wait for the compressor before whoever produces them waits, too: no more of a snapshot is ever held.
// The compressor has a low priority and falls behind on a busy machine: with 8 MiB the event loop waited half a second.
const QUEUE_BYTES = 32 * 1024 * 1024
// A capture is given up when the disk, or the reader of its stream, has taken nothing for this long while bytes were waiting.
const PATIENCE_MS = 30_000

/** One capture's way to the background writer; see src/binding/writer.rs. */
class Writer {
  #inner

  get inner () { return this.#inner }

  constructor (options) {
    this.isStream = options.stream
    this.#inner = call(() => new binding.Writer(bare({ queueBytes: QUEUE_BYTES, patienceMs: PATIENCE_MS }, options)))
  }

  open () { return callAsync(() => this.#inner.open()) }
  /** Blocks this thread while the queue is full; false when the capture is over. */
  write (buffer) { return call(() => this.#inner.write(buffer)) }
  /** The same for a string of ASCII. */
  writeAscii (chunk) { return call(() => this.#inner.writeAscii(chunk)) }
  /** Of a stream, which may have no reader, it does not keep the process alive. */
  finish () { return this.isStream ? callWeakly((callback) => this.#inner.finishWeakly(callback)) : callAsync(() => this.#inner.finish()) }
  abort (reason) { return callAsync(() => this.#inner.abort(reason)) }
  read () { return callAsync(() => this.#inner.read()) }
  progress () { return this.#inner.progress() }
  /** Nothing of it is wanted any more, and nothing else may be asked for. */
  close () { this.#inner.close() }

  /** Writes a whole buffer without ever blocking; false when the capture is over before its end. */
  async writeAll (buffer) {
    const step = this.#inner.pieceBytes()
    let offset = 0
    let refused = false
    while (offset < buffer.length) {
      if (this.#inner.offer(buffer.subarray(offset, offset + step))) {
        offset += step
        refused = false
      } else if (refused) {
        return false
      } else {
        await callAsync(() => this.#inner.room())
        // Room was made, so a second refusal means that the capture is over.
        refused = true
      }
    }
    return true
  }
}

let isExitWatched = false

/** A process that exits in the middle of a capture leaves no temporary behind, and one in the middle of a reading does not wait for it. */
function abandonOnExit () {
  if (isExitWatched) return
  isExitWatched = true
  process.on('exit', () => call(binding.abandon))
}

/** One attempt at letting a forked child do the work; see src/binding/fork.rs. */
class ForkedWork {
  static isSupported = binding.ForkedWork !== undefined

  #inner = new binding.ForkedWork()
  #isForStream = false

  /** Resolves with whether the child must count objects first. */
  prepare (writer, memory, cpu) {
    this.#isForStream = writer.isStream
    return callAsync(() => this.#inner.prepare(writer.inner, memory, cpu))
  }

  isQuiet () { return this.#inner.isQuiet() }
  /** Forks before it returns; the promise is for what the child does. For a stream it does not keep the process alive. */
  fork (work) {
    return this.#isForStream ? callWeakly((callback) => this.#inner.forkWeakly(work, callback)) : callAsync(() => this.#inner.fork(work))
  }

  /** How much the child is held back: { share, heldBackMs }, or null where nothing holds it back. */
  throttle () { return this.#inner.throttle() }
  /** How long fork(2) itself took. */
  get forkMs () { return this.#inner.forkMs }
  dropPrepared () { this.#inner.dropPrepared() }
}

/** One piece of work on a snapshot, on a thread of heapkit's own; see src/binding/heap.rs. */
class HeapReading {
  #inner

  constructor (memory) { this.#inner = new binding.HeapReading(memory) }

  get inner () { return this.#inner }

  progress () { return this.#inner.progress() }
  cancel () { this.#inner.cancel() }
  async open (path, opening) { return new HeapFile(await callAsync(() => this.#inner.open(path, opening))) }
  async diff (paths, top, tree, opening) { return JSON.parse(await callAsync(() => this.#inner.diff(paths, top, tree, opening))) }
  async openProfile (path, sourceMaps) { return new ProfileFile(await callAsync(() => this.#inner.openProfile(path, sourceMaps))) }
  /** Copies a snapshot, unpacked, into an open writer. */
  copy (path, writer) { return callAsync(() => this.#inner.copy(path, writer.inner)) }
}

/** A snapshot that was read. */
class HeapFile {
  #inner

  constructor (inner) { this.#inner = inner }

  close () { this.#inner.close() }
  async summary (reading, top, sort) { return JSON.parse(await callAsync(() => this.#inner.summary(reading.inner, top, sort))) }
  async suspects (reading, share) { return JSON.parse(await callAsync(() => this.#inner.suspects(reading.inner, share))) }
  async retainers (reading, target, limit) { return JSON.parse(await callAsync(() => this.#inner.retainers(reading.inner, target, limit))) }
  async report (reading, top) { return JSON.parse(await callAsync(() => this.#inner.report(reading.inner, top))) }
}

/** A profile that was read; see src/binding/profile.rs. */
class ProfileFile {
  #inner

  constructor (inner) { this.#inner = inner }

  get inner () { return this.#inner }

  get about () { return this.#inner.about }
  close () { this.#inner.close() }
  async table (reading, question) { return JSON.parse(await callAsync(() => this.#inner.table(reading.inner, question))) }
  async diff (reading, base, by, value, top) { return JSON.parse(await callAsync(() => this.#inner.diff(reading.inner, base.inner, by, value, top))) }
  flamegraph (reading, base, value, page) { return callAsync(() => this.#inner.flamegraph(reading.inner, base?.inner, value, page)) }
  write (reading, format, value, maker) { return callAsync(() => this.#inner.write(reading.inner, format, value, maker)) }
}

/** A directory as it was read once; see src/binding/artifacts.rs. */
class DirectoryListing {
  #inner

  constructor (inner) { this.#inner = inner }

  get count () { return this.#inner.count }
  get bytes () { return this.#inner.bytes }
  get freeDiskBytes () { return this.#inner.freeDiskBytes }
  /** JSON of { artifacts, hasMore }. */
  page (limit, after) { return callAsync(() => this.#inner.page(limit, after)) }
}

module.exports = {
  Writer,
  HeapReading,
  ForkedWork,
  SnapshotSlot: binding.SnapshotSlot,
  Presence: binding.Presence,
  listeningThreads: () => call(binding.listeningThreads),
  LoopTimers: binding.LoopTimers,
  Alarm: binding.Alarm,
  delay: (ms) => callAsync(() => binding.delay(ms)),
  monotonicMs: binding.monotonicMs,
  wallClockMs: binding.wallClockMs,
  writeFromChild: (descriptor, bytes) => call(binding.writeFromChild, descriptor, bytes),
  abandonOnExit,
  codecs: () => call(binding.codecs),
  formats: () => call(binding.formats),
  platform: () => call(binding.platform),
  keepPriority: () => call(binding.keepPriority),
  nextSequence: () => call(binding.nextSequence),
  disableSnapshots: () => call(binding.disableSnapshots),
  snapshotsDisabled: () => call(binding.snapshotsDisabled),
  checkPatterns: (keep, extra) => call(binding.checkPatterns, keep, extra),
  setDefaults: (json) => call(binding.setDefaults, json),
  getDefaults: () => call(binding.getDefaults),
  sweep: (dir) => call(binding.sweep, dir),
  listArtifacts: (dir) => callAsync(binding.listArtifacts, dir),
  readDirectory: async (dir) => new DirectoryListing(await callAsync(binding.readDirectory, dir)),
  isThere: (dir, name) => callAsync(binding.isThere, dir, name),
  parseArtifactName: (name) => call(binding.parseArtifactName, name)
}
