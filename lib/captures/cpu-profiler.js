'use strict'

// V8's CPU profiler, as captures use it. A profile belongs to its inspector session.

const inspector = require('../inspector')

class CpuProfiler {
  #sampleInterval
  #purpose

  /** `purpose` names the inspector session (lib/inspector.js). */
  constructor ({ sampleInterval }, purpose) {
    this.#sampleInterval = sampleInterval
    this.#purpose = purpose
  }

  start () {
    this.#post('Profiler.enable')
    this.#post('Profiler.setSamplingInterval', { interval: this.#sampleInterval })
    this.#post('Profiler.start')
  }

  /** Stops with the profile, as text. */
  end () {
    const { profile } = this.#post('Profiler.stop')
    this.stop()
    return JSON.stringify(profile)
  }

  /** Stops without one. */
  stop () {
    // It ends a profile, too.
    this.#post('Profiler.disable')
  }

  #post (method, parameters) {
    return inspector.postSync(method, parameters, this.#purpose)
  }
}

module.exports = { CpuProfiler }
