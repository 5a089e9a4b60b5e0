'use strict'

// Sampling heap profiles: V8 notes the stack of an allocation about every `sampleInterval` bytes.

const inspector = require('../inspector')
const options = require('../options')
const { HeapkitError, codes } = require('../errors')
const shared = require('../shared')
const { heapFacts } = require('./census')
const { settled } = require('./mode')
const { CaptureSession, activeSession } = require('./session')
const { limitStackDepth } = require('./stack-depth')

class SamplingSession extends CaptureSession {
  #sampleInterval
  #stackDepth

  constructor ({ sampleInterval, stackDepth, ...flags }) {
    super('sampling', { sampleInterval, value: counted(flags) })
    this.#sampleInterval = sampleInterval
    this.#stackDepth = stackDepth
  }

  async stop (given) {
    return await this._stop(settled(options.stop('sampling', given)), { ...this.#ways('HeapProfiler.stopSampling'), release: stopSampler })
  }

  async capture (given) {
    return await this.#read(options.stop('sampling', given))
  }

  /** The same without a file: answers { artifact, chunks }. */
  async _captureToStream (given, as) {
    return await this.#read(options.stopToStream('sampling', given, as))
  }

  async #read (wanted) {
    return await this._capture(settled(wanted), this.#ways('HeapProfiler.getSamplingProfile'))
  }

  async _dispose () {
    await this._discard(stopSampler)
  }

  /** How the profile is read: in this thread by `method`, or in a child. Either begins with a full garbage collection. */
  #ways (method) {
    return {
      collect: (recording) => recording.pause.run(() => this.#text(method)),
      task: {
        memory: () => ({ samples: Math.ceil(heapFacts().usedHeapBytes / this.#sampleInterval) }),
        work: (onChunk) => onChunk(this.#text('HeapProfiler.getSamplingProfile'))
      }
    }
  }

  #text (method) {
    const { profile } = inspector.postSync(method)
    return JSON.stringify(limitStackDepth(profile, this.#stackDepth))
  }
}

function startSampling (given) {
  const wanted = options.start('sampling', given)
  const { sampleInterval, stackDepth, ...flags } = wanted
  CaptureSession.mustBeFree('sampling', 'there is one in a thread. Stop it first, or read it with capture()')
  // V8 knows `stackDepth` from Node 26 on. Older versions record 128 frames, and limitStackDepth() cuts them.
  inspector.postSync('HeapProfiler.startSampling', { samplingInterval: sampleInterval, stackDepth, ...flags })
  return CaptureSession.begun(() => new SamplingSession(wanted), stopSampler)
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
