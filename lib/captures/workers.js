'use strict'

// What a worker thread does for profiles of all threads, which the main thread takes (threads.js): it listens to a channel of the process, and profiles itself with
// an inspector session of its own.
//
// The inspector of the main thread could reach all workers (NodeWorker), also those without heapkit, and is not asked: a worker that ends in the moment in which
// it is asked aborts the process. MainThreadInterface::Post in Node's src/inspector/main_thread_interface.cc calls shared_from_this() of an object whose
// destructor has begun. Seen on Node 20.0 to 26.10.

const path = require('node:path')
const v8 = require('node:v8')
const { BroadcastChannel, isMainThread, threadId, threadName } = require('node:worker_threads')
const { HeapkitError, codes, textOf } = require('../errors')
const native = require('../native')
const { runtime } = require('../runtime')
const shared = require('../shared')
const time = require('../time')
const { CpuProfiler } = require('./cpu-profiler')
const { Sampler } = require('./sampler')

/** What obey() takes, for all workers. The number stands for what the messages of these channels are. */
const CHANNEL = 'heapkit.threads.1'
/** The ids of workers that begin. The main thread hears them while it has a session. */
const ARRIVALS = `${CHANNEL}.arrivals`
/** Nothing else has this inspector session, so that the worker's own captures are not touched. */
const PURPOSE = 'threads'
/** What a reading takes of the heap: at least, and for each sample, which may be a stack of its own. */
const LEAST_ROOM = 16 * 1024 ** 2
const BYTES_EACH = 256
const PROFILERS = { cpu: CpuProfiler, sampling: Sampler }

/** Begins to listen, for as long as the thread lives, and keeps it from nothing. */
function listen () {
  if (isMainThread || shared.listening !== undefined || !runtime.isNode) return
  try {
    const channel = new BroadcastChannel(CHANNEL)
    channel.onmessage = ({ data }) => obey(data)
    channel.unref()
    // Whoever sees it may wait for answers, so it comes after the channel.
    const presence = new native.Presence(threadId)
    /** `running` has what runs, by kind: { run, profiler, sampleInterval, startedAt, problem? }. */
    shared.listening = { presence, channel, running: new Map() }
    post(ARRIVALS, threadId)
  } catch {
    // This thread takes no part then; its application, which loads heapkit, begins all the same.
  }
}

/** Throws if the main thread samples this thread: there is one sampling profile in a thread. */
function mustNotBeSampled () {
  const it = shared.listening?.running.get('sampling')
  if (it === undefined || it.problem !== undefined) return
  throw new HeapkitError(codes.BUSY, 'The main thread samples all threads (`threads: true`), and this one with them; stop that session first')
}

/**
 * `act` is 'start', 'read' or 'stop'; `run` names the session of the main thread; `to`, if given, is whom it is for; `answerTo` is the channel for what is read; `over` is
 * raised when a start or a reading is not wanted any more.
 */
function obey (message) {
  try {
    const { act, run, kind, to, options, answerTo, over } = message
    if (to !== undefined && to !== threadId) return
    if (over !== undefined && Atomics.load(over, 0) !== 0) return
    if (act === 'start') start(run, kind, options)
    else if (act === 'read') post(answerTo, { ...read(run, kind), thread: threadId, name: ownName() })
    else if (shared.listening.running.get(kind)?.run === run) stop(kind)
  } catch {
    // The main thread says in its profile who has not answered; the worker goes on.
  }
}

function start (run, kind, options) {
  const { running } = shared.listening
  // Who has begun in the middle of a start may be told twice.
  if (running.get(kind)?.run === run) return
  stop(kind)
  const it = { run, profiler: new PROFILERS[kind](options, PURPOSE), problem: undefined, sampleInterval: options.sampleInterval, startedAt: time.now() }
  running.set(kind, it)
  try {
    if (kind === 'sampling' && Sampler.isSampling(PURPOSE)) throw new Error('it has one of its own')
    it.profiler.start()
  } catch (error) {
    it.problem = textOf(error)
  }
}

/** { text } or { problem }. A CPU profile ends with it, sampling goes on. */
function read (run, kind) {
  const it = shared.listening.running.get(kind)
  if (it?.run !== run) return { problem: 'it began too late' }
  const problem = it.problem ?? noRoom(kind, it)
  if (problem !== undefined) return { problem }
  try {
    if (kind === 'sampling') return { text: it.profiler.read() }
    const text = it.profiler.end()
    it.problem = 'it was read already'
    return { text }
  } catch (error) {
    return { problem: textOf(error) }
  }
}

/** Why a worker whose heap is bounded (`resourceLimits`) is not read: V8 makes objects and texts of a profile there, and a worker without room for them ends. */
function noRoom (kind, { sampleInterval, startedAt }) {
  const { heap_size_limit: limit, used_heap_size: used } = v8.getHeapStatistics()
  const samples = kind === 'cpu' ? (time.now() - startedAt) * 1000 / sampleInterval : used / sampleInterval
  const needed = LEAST_ROOM + samples * BYTES_EACH
  if (limit - used >= needed) return
  const [most, free, wanted] = [limit, limit - used, needed].map((bytes) => Math.ceil(bytes / 1024 ** 2))
  return `its heap may have ${most} MiB, of which ${free} are free, and to read its profile may take ${wanted}`
}

function stop (kind) {
  const { running } = shared.listening
  const it = running.get(kind)
  running.delete(kind)
  if (it !== undefined && it.problem === undefined) it.profiler.stop()
}

/** For those alone who have this channel open: it may be megabytes, and a worker that comes to its event loop late gets all that was said on its own. */
function post (name, message) {
  const channel = new BroadcastChannel(name)
  try {
    channel.postMessage(message)
  } finally {
    channel.close()
  }
}

/** As Node's own tools write it. Where there is no name, or Node does not tell it, it is the file, if there is one. */
function ownName () {
  if (threadName !== undefined && threadName !== '' && threadName !== 'WorkerThread') return nameOf(threadId, threadName)
  const file = process.argv[1] ?? ''
  return nameOf(threadId, file === '[worker eval]' ? '' : path.basename(file))
}

function nameOf (id, name = '') {
  return `[worker ${id}] ${name}`.trimEnd()
}

module.exports = { CHANNEL, ARRIVALS, listen, mustNotBeSampled, nameOf }
