'use strict'

// CPU profiles: V8 looks at the stack every `sampleInterval` microseconds.

const options = require('../options')
const { CpuProfiler } = require('./cpu-profiler')
const { CaptureSession } = require('./session')
const { ThreadProfiles, together } = require('./threads')

class CpuSession extends CaptureSession {
  #profiler
  #threads

  /** `threads` are those of the other threads, if they are to be in it. */
  constructor (profiler, sampleInterval, threads) {
    super('cpu', { sampleInterval })
    this.#profiler = profiler
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
        try {
          const own = recording.pause.run(() => this.#profiler.end())
          return this.#threads === undefined ? own : together(own, await this.#threads.read(recording))
        } finally {
          this.#threads?.stop()
        }
      }
    })
  }

  async _dispose () {
    await this._discard(() => {
      this.#threads?.stop()
      this.#profiler.stop()
    })
  }
}

function startCpuProfile (given) {
  const { threads, ...wanted } = options.start('cpu', given)
  CaptureSession.mustBeFree('cpu', 'there is one in a thread. Stop it first')
  const profiler = new CpuProfiler(wanted)
  profiler.start()
  return CaptureSession.begun(() => new CpuSession(profiler, wanted.sampleInterval, threads ? new ThreadProfiles('cpu', wanted) : undefined), () => profiler.stop())
}

module.exports = { startCpuProfile }
