'use strict'

// One profile of all threads of the process: the main thread's own, and those of the worker threads that have heapkit, which profile themselves (workers.js).

const { randomUUID } = require('node:crypto')
const { BroadcastChannel, isMainThread } = require('node:worker_threads')
const { HeapkitError, codes } = require('../errors')
const { listeningThreads } = require('../native')
const { deferred } = require('../promises')
const time = require('../time')
const { CHANNEL, ARRIVALS, nameOf } = require('./workers')

const MAIN = 'main'
/** A worker that is in native code, or runs JavaScript without a pause, answers when that is over. */
const ANSWER_WITHIN_MS = 10_000
/** How often it is looked whether those that have not answered are still there. */
const LOOK_EVERY_MS = 50

class ThreadProfiles {
  #kind
  #run = randomUUID()
  #channel
  #arrivals
  #reads = 0
  #over = flag()

  /** Begins in all workers, and in those that come later; `options` are those of the kind's profiler. */
  constructor (kind, options) {
    if (!isMainThread) throw new HeapkitError(codes.UNSUPPORTED, '`threads: true` is for the main thread, which all others listen to; a worker thread can profile itself')
    this.#kind = kind
    this.#channel = new BroadcastChannel(CHANNEL)
    this.#channel.unref()
    this.#arrivals = new BroadcastChannel(ARRIVALS)
    this.#arrivals.onmessage = ({ data: to }) => this.#say({ act: 'start', options, to, over: this.#over })
    this.#arrivals.unref()
    this.#say({ act: 'start', options, over: this.#over })
  }

  #say (message) {
    this.#channel.postMessage({ run: this.#run, kind: this.#kind, ...message })
  }

  /**
   * Reads all workers, for a recording; if that is given up meanwhile, what has come until then. Answers what together() takes. Those that end meanwhile, or do
   * not answer, are missing. A CPU profile ends with it.
   */
  async read (recording) {
    const answers = new Answers(`${CHANNEL}.${this.#run}.${++this.#reads}`)
    try {
      this.#say({ act: 'read', answerTo: answers.name, over: answers.over })
      await recording.step(() => answers.complete)
    } catch {
      // The recording says it again at its next step; by then these are kept.
    }
    const { threads, missing } = answers.close()
    return { threads, missing }
  }

  /** Stops those that run, without waiting for them, and begins no more. */
  stop () {
    raise(this.#over)
    this.#say({ act: 'stop' })
    this.#channel.close()
    this.#arrivals.close()
  }
}

/** Goes with what workers are told: raised when nobody wants it any more. A worker that sleeps finds all that it was told when it wakes. */
function flag () {
  return new Int32Array(new SharedArrayBuffer(4))
}

function raise (flag) {
  Atomics.store(flag, 0, 1)
}

/** What comes from the workers that listen now. While it is open it keeps the process alive, as all that is awaited. */
class Answers {
  over = flag()

  #channel
  #waitingFor = new Set(listeningThreads())
  #threads = []
  #missing = []
  #complete = deferred()
  #isLate = false
  #look
  #patience

  constructor (name) {
    this.name = name
    this.#channel = new BroadcastChannel(name)
    this.#channel.onmessage = ({ data }) => this.#take(data)
    this.#look = time.every(LOOK_EVERY_MS, () => this.#forgetEnded())
    this.#patience = time.after(ANSWER_WITHIN_MS, () => {
      this.#isLate = true
      this.#complete.resolve()
    })
    this.#resolveIfComplete()
  }

  /** Is there when all have answered, have ended, or have taken too long. */
  get complete () { return this.#complete.promise }

  #take ({ thread, name, text, problem }) {
    if (text !== undefined) this.#threads.push({ name, text })
    else this.#missing.push({ name, reason: problem })
    this.#waitingFor.delete(thread)
    this.#resolveIfComplete()
  }

  #forgetEnded () {
    const there = new Set(listeningThreads())
    for (const id of this.#waitingFor) if (!there.has(id)) this.#waitingFor.delete(id)
    this.#resolveIfComplete()
  }

  #resolveIfComplete () {
    if (this.#waitingFor.size === 0) this.#complete.resolve()
  }

  /** { threads, missing }, as they are now. */
  close () {
    raise(this.over)
    this.#channel.close()
    this.#look.cancel()
    this.#patience.cancel()
    const reason = this.#isLate ? `it did not answer within ${ANSWER_WITHIN_MS / 1000} s` : 'the capture was given up before it answered'
    return { threads: this.#threads, missing: [...this.#missing, ...[...this.#waitingFor].map((id) => ({ name: nameOf(id), reason }))] }
  }
}

/** The text that src/profile reads, of V8's text of this thread's profile, and what read() answered: { threads: [{ name, profile }], missing: [{ name, reason }] }. */
function together (own, { threads, missing }) {
  const all = [{ name: MAIN, text: own }, ...threads].map(({ name, text }) => `{"name":${JSON.stringify(name)},"profile":${text}}`)
  return `{"threads":[${all.join()}],"missing":${JSON.stringify(missing)}}`
}

module.exports = { ThreadProfiles, together }
