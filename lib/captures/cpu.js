'use strict'

// CPU profiles: V8 looks at the stack every `sampleInterval` microseconds.

const inspector = require('../inspector')
const options = require('../options')
const { CaptureSession } = require('./session')

class CpuSession extends CaptureSession {
  constructor (sampleInterval) {
    super('cpu', { sampleInterval })
  }

  async stop (given) {
    return await this.#end(options.stop('cpu', given))
  }

  /** The same without a file: answers { artifact, chunks }. */
  async _stopToStream (given, as) {
    return await this.#end(options.stopToStream('cpu', given, as))
  }

  async #end (wanted) {
    return await this._stop(wanted, { collect: (recording) => recording.pause.run(() => JSON.stringify(stopProfiler())) })
  }

  async _dispose () {
    await this._discard(stopProfiler)
  }
}

function stopProfiler () {
  const { profile } = inspector.postSync('Profiler.stop')
  inspector.postSync('Profiler.disable')
  return profile
}

function startCpuProfile (given) {
  const { sampleInterval } = options.start('cpu', given)
  CaptureSession.mustBeFree('cpu', 'there is one in a thread. Stop it first')
  inspector.postSync('Profiler.enable')
  inspector.postSync('Profiler.setSamplingInterval', { interval: sampleInterval })
  inspector.postSync('Profiler.start')
  return CaptureSession.begun(() => new CpuSession(sampleInterval), stopProfiler)
}

module.exports = { startCpuProfile }
