'use strict'

// Sampling heap profiles: V8 notes the stack of an allocation about every `sampleInterval` bytes.

const options = require('../options')
const { HeapkitError, codes } = require('../errors')
const { AllocationTotals } = require('./allocations')
const { heapFacts } = require('./census')
const { settled } = require('./mode')
const { Sampler } = require('./sampler')
const { CaptureSession, activeSession } = require('./session')
const { ThreadProfiles, together } = require('./threads')
const { mustNotBeSampled } = require('./workers')

class SamplingSession extends CaptureSession {
  #sampler
  #sampleInterval
  /** Of a session that counts all allocations. */
  #totals
  /** Those of the other threads, if they are to be in it. */
  #threads

  constructor (sampler, wanted) {
    const { sampleInterval, allocations, threads, ...started } = wanted
    super('sampling', { sampleInterval, value: sampler.value })
    this.#sampler = sampler
    this.#sampleInterval = sampleInterval
    if (allocations) this.#totals = new AllocationTotals(sampler, wanted, (wanted, ways) => this._capture(wanted, ways))
    if (threads) this.#threads = new ThreadProfiles('sampling', { sampleInterval, ...started })
  }

  async stop (given) {
    const end = () => {
      this.#threads?.stop()
      return this.#sampler.end()
    }
    const wanted = settled(this.#ending(given))
    const artifact = await this.#whole(wanted, (whole) => this._stop(whole, { ...this.#ways(end), release: () => this.#release() }))
    this.#totals?.close()
    return artifact
  }

  async capture (given) {
    return await this.#read(this.#ending(given))
  }

  /** The same without a file: answers { artifact, chunks }. */
  async _captureToStream (given, as) {
    return await this.#read(options.stopToStream('sampling', given, as))
  }

  async #read (wanted) {
    return await this.#whole(settled(wanted), (whole) => this._capture(whole, this.#ways(() => this.#sampler.read())))
  }

  async _dispose () {
    await this._discard(() => this.#release())
    this.#totals?.close()
  }

  #ending (given) {
    return options.stop('sampling', given, { threads: this.#threads !== undefined })
  }

  #release () {
    this.#threads?.stop()
    this.#sampler.stop()
  }

  /** Does `work` with all that was counted, also before V8 began anew. */
  async #whole (wanted, work) {
    const totals = this.#totals
    if (totals === undefined) return await work(wanted)
    return await totals.undisturbed(wanted, (plus) => {
      const { facts, notes } = totals
      // There is nothing for a child to read where V8 counts no more.
      const mode = this.#sampler.isOn ? wanted.mode : 'inline'
      return work(options.bare(wanted, { mode, plus, notes, facts: { allocations: { ...facts } } }))
    })
  }

  /** How the profile is read: in this thread by `read()`, or in a child. Either begins with a full garbage collection. Other threads read their own before. */
  #ways (read) {
    let others
    const withOthers = (text) => others === undefined ? text : together(text, others)
    return {
      prepare: async (recording) => { others = await this.#threads?.read(recording) },
      collect: (recording) => recording.pause.run(() => withOthers(read())),
      task: {
        memory: () => ({ samples: Math.ceil(this.#totals?.held() ?? heapFacts().usedHeapBytes / this.#sampleInterval) }),
        work: (onChunk) => onChunk(withOthers(this.#sampler.read()))
      }
    }
  }
}

function startSampling (given) {
  const wanted = options.start('sampling', given)
  CaptureSession.mustBeFree('sampling', 'there is one in a thread. Stop it first, or read it with capture()')
  mustNotBeSampled()
  mustNotSampleYet()
  const sampler = new Sampler(wanted)
  sampler.start()
  return CaptureSession.begun(() => new SamplingSession(sampler, wanted), () => sampler.stop())
}

/** A thread has one sampler in V8: to start it again would change nothing, and to stop it would end what somebody else began. */
function mustNotSampleYet () {
  if (!Sampler.isSampling()) return
  throw new HeapkitError(codes.BUSY, 'V8 samples the heap of this thread already, for somebody else: another profiler, an inspector session, or --heap-prof. End that first')
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
