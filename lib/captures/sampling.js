'use strict'

// Sampling heap profiles: V8 notes the stack of an allocation about every `sampleInterval` bytes.

const inspector = require('../inspector')
const options = require('../options')
const { HeapkitError, codes } = require('../errors')
const shared = require('../shared')
const { heapFacts } = require('./census')
const { settleMode } = require('./mode')
const { CaptureSession, activeSession } = require('./session')
const { limitStackDepth } = require('./stack-depth')
const { ThreadProfiles, together } = require('./threads')

const READ = 'HeapProfiler.getSamplingProfile'
/** How a worker's profile is read, and stopped; a thread has one, and it may be the worker's own. */
const IN_WORKERS = { read: [[READ]], stop: [['HeapProfiler.stopSampling']], mine: [[READ]] }

class SamplingSession extends CaptureSession {
  #sampleInterval
  #stackDepth
  #threads

  constructor ({ sampleInterval, stackDepth, ...flags }, threads) {
    super('sampling', { sampleInterval, value: counted(flags) })
    this.#sampleInterval = sampleInterval
    this.#stackDepth = stackDepth
    this.#threads = threads
  }

  async stop (given) {
    const release = () => this.#release()
    return await this._stop(settled(this.#options(given)), { ...this.#ways('HeapProfiler.stopSampling', () => this.#threads?.stop()), release })
  }

  async capture (given) {
    return await this.#read(this.#options(given))
  }

  /** The same without a file: answers { artifact, chunks }. */
  async _captureToStream (given, as) {
    return await this.#read(options.stopToStream('sampling', given, as))
  }

  async #read (wanted) {
    return await this._capture(settled(wanted), this.#ways(READ))
  }

  async _dispose () {
    await this._discard(() => this.#release())
  }

  #options (given) {
    return options.stop('sampling', given, { threads: this.#threads !== undefined })
  }

  #release () {
    stopSampler()
    this.#threads?.stop()
  }

  /** How the profile is read: in this thread by `method`, and then `done()`, or in a child. Either begins with a full garbage collection. */
  #ways (method, done = () => {}) {
    let others
    return {
      prepare: async () => { others = await this.#threads?.read() },
      collect: (recording) => {
        const text = recording.pause.run(() => this.#text(method, others))
        done()
        return text
      },
      task: {
        memory: () => ({ samples: Math.ceil(heapFacts().usedHeapBytes / this.#sampleInterval) }),
        work: (onChunk) => onChunk(this.#text(READ, others))
      }
    }
  }

  #text (method, others) {
    const { profile } = inspector.postSync(method)
    const own = JSON.stringify(limitStackDepth(profile, this.#stackDepth))
    return others === undefined ? own : together(own, others)
  }
}

function settled (wanted) {
  return options.bare(wanted, { mode: settleMode(wanted.mode) })
}

function startSampling (given) {
  const { threads, ...wanted } = options.start('sampling', given)
  const { sampleInterval, stackDepth, ...flags } = wanted
  CaptureSession.mustBeFree('sampling', 'there is one in a thread. Stop it first, or read it with capture()')
  // V8 knows `stackDepth` from Node 26 on. Older versions record 128 frames, and limitStackDepth() cuts them.
  const start = ['HeapProfiler.startSampling', { samplingInterval: sampleInterval, stackDepth, ...flags }]
  inspector.postSync(...start)
  const ofThreads = () => threads ? new ThreadProfiles({ start: [start], ...IN_WORKERS }) : undefined
  return CaptureSession.begun(() => new SamplingSession(wanted, ofThreads()), stopSampler)
}

/** What its bytes are, in the words of pprof: what is alive, what was allocated, or something in between. */
function counted ({ includeObjectsCollectedByMajorGC: major, includeObjectsCollectedByMinorGC: minor }) {
  if (major && minor) return 'alloc_space'
  return major || minor ? 'space' : 'inuse_space'
}

/**
 * Stops without a profile. V8's command for sampling collects all garbage and makes the profile first; the other one, which disables the session,
 * also ends timelines and forgets the ids of objects. So it is not for threads where these matter.
 */
function stopSampler () {
  const matters = shared.idsCount || shared.sessions.get('timeline')?.isRunning()
  inspector.postSync(matters ? 'HeapProfiler.stopSampling' : 'HeapProfiler.disable')
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
