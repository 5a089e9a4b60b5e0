'use strict'

// CPU profiles: V8 looks at the stack every `sampleInterval` microseconds.

const inspector = require('../inspector')
const options = require('../options')
const { CaptureSession } = require('./session')
const { ThreadProfiles, together } = require('./threads')

/** How a worker's profile is read, which ends it, and how it is given up. */
const IN_WORKERS = { read: [['Profiler.stop']], stop: [['Profiler.stop'], ['Profiler.disable']] }

class CpuSession extends CaptureSession {
  #threads

  constructor (sampleInterval, threads) {
    super('cpu', { sampleInterval })
    this.#threads = threads
  }

  async stop (given) {
    return await this.#end(options.stop('cpu', given, { threads: this.#threads !== undefined }))
  }

  /** The same without a file: answers { artifact, chunks }. */
  async _stopToStream (given, as) {
    return await this.#end(options.stopToStream('cpu', given, as))
  }

  async #end (wanted) {
    return await this._stop(wanted, {
      collect: async (recording) => {
        const own = recording.pause.run(() => JSON.stringify(stopProfiler()))
        if (this.#threads === undefined) return own
        const text = together(own, await this.#threads.read())
        this.#threads.stop()
        return text
      }
    })
  }

  async _dispose () {
    await this._discard(() => {
      stopProfiler()
      this.#threads?.stop()
    })
  }
}

function stopProfiler () {
  const { profile } = inspector.postSync('Profiler.stop')
  inspector.postSync('Profiler.disable')
  return profile
}

function startCpuProfile (given) {
  const { sampleInterval, threads } = options.start('cpu', given)
  CaptureSession.mustBeFree('cpu', 'there is one in a thread. Stop it first')
  const start = [['Profiler.enable'], ['Profiler.setSamplingInterval', { interval: sampleInterval }], ['Profiler.start']]
  for (const [method, params] of start) inspector.postSync(method, params)
  return CaptureSession.begun(() => new CpuSession(sampleInterval, threads ? new ThreadProfiles({ start, ...IN_WORKERS }) : undefined), stopProfiler)
}

module.exports = { startCpuProfile }
