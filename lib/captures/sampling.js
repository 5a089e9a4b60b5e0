'use strict'

// Sampling heap profiles: V8 notes the stack of an allocation about every `sampleInterval` bytes.

const options = require('../options')
const { HeapkitError, codes } = require('../errors')
const { heapFacts } = require('./census')
const { settled } = require('./mode')
const profiler = require('./profilers').sampling
const { CaptureSession, activeSession } = require('./session')
const { ThreadProfiles, together } = require('./threads')
const { mustNotBeSampled } = require('./workers')

class SamplingSession extends CaptureSession {
  #options
  #threads

  /** `threads` are those of the other threads, if they are to be in it. */
  constructor (started, threads) {
    super('sampling', { sampleInterval: started.sampleInterval, value: counted(started) })
    this.#options = started
    this.#threads = threads
  }

  async stop (given) {
    const take = () => {
      this.#threads?.stop()
      return profiler.take(this.#options)
    }
    return await this._stop(settled(this.#ending(given)), { ...this.#ways(take), release: () => this.#release() })
  }

  async capture (given) {
    return await this.#read(this.#ending(given))
  }

  /** The same without a file: answers { artifact, chunks }. */
  async _captureToStream (given, as) {
    return await this.#read(options.stopToStream('sampling', given, as))
  }

  async #read (wanted) {
    return await this._capture(settled(wanted), this.#ways(() => profiler.read(this.#options)))
  }

  async _dispose () {
    await this._discard(() => this.#release())
  }

  #ending (given) {
    return options.stop('sampling', given, { threads: this.#threads !== undefined })
  }

  #release () {
    this.#threads?.stop()
    profiler.stop()
  }

  /** How the profile is read: in this thread by `own()`, or in a child. Either begins with a full garbage collection. Other threads read their own before. */
  #ways (own) {
    let others
    const withOthers = (text) => others === undefined ? text : together(text, others)
    return {
      prepare: async (recording) => { others = await this.#threads?.read(recording) },
      collect: (recording) => recording.pause.run(() => withOthers(own())),
      task: {
        memory: () => ({ samples: Math.ceil(heapFacts().usedHeapBytes / this.#options.sampleInterval) }),
        work: (onChunk) => onChunk(withOthers(profiler.read(this.#options)))
      }
    }
  }
}

function startSampling (given) {
  const { threads, ...wanted } = options.start('sampling', given)
  CaptureSession.mustBeFree('sampling', 'there is one in a thread. Stop it first, or read it with capture()')
  mustNotBeSampled()
  profiler.start(wanted)
  return CaptureSession.begun(() => new SamplingSession(wanted, threads ? new ThreadProfiles('sampling', wanted) : undefined), () => profiler.stop())
}

/** What its bytes are, in the words of pprof: what is alive, what was allocated, or something in between. */
function counted ({ includeObjectsCollectedByMajorGC: major, includeObjectsCollectedByMinorGC: minor }) {
  if (major && minor) return 'alloc_space'
  return major || minor ? 'space' : 'inuse_space'
}

/** Stops the session of this thread, whoever started it. */
async function stopSampling (given) {
  return await active().stop(given)
}

/** Reads it, and goes on sampling. */
async function captureSampling (given) {
  return await active().capture(given)
}

function active () {
  const session = activeSession('sampling')
  if (!session) {
    throw new HeapkitError(codes.NOT_ACTIVE, 'No sampling session is running in this thread; start one with startSampling()')
  }
  return session
}

module.exports = { startSampling, stopSampling, captureSampling }
