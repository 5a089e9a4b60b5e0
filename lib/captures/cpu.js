'use strict'

// CPU profiles: V8 looks at the stack every `sampleInterval` microseconds.

const inspector = require('../inspector')
const options = require('../options')
const { CaptureSession } = require('./session')
const { ThreadProfiles } = require('./threads')

const STOP = [['Profiler.stop'], ['Profiler.disable']]

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
        return await this.#threads?.collectLast(own, STOP) ?? own
      }
    })
  }

  async _dispose () {
    await this._discard(() => {
      stopProfiler()
      this.#threads?.discard(STOP)
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
  return CaptureSession.begun(() => new CpuSession(sampleInterval, threads ? new ThreadProfiles(start) : undefined), stopProfiler)
}

module.exports = { startCpuProfile }
