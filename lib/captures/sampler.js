'use strict'

// V8's sampler, of which a thread has one: starts, reads and stops it, and knows what its bytes are.

const inspector = require('../inspector')
const shared = require('../shared')
const { limitStackDepth } = require('./stack-depth')

const NOTHING = {
  head: { callFrame: { functionName: '(root)', scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 }, selfSize: 0, id: 1, children: [] },
  samples: []
}

class Sampler {
  /** What its bytes are, in the words of pprof: what is alive, what was allocated, or something in between. */
  value
  isOn = false

  #parameters
  #stackDepth
  #purpose

  /** `purpose` names the inspector session (lib/inspector.js). */
  constructor ({ sampleInterval, stackDepth, includeObjectsCollectedByMajorGC, includeObjectsCollectedByMinorGC }, purpose) {
    // V8 knows `stackDepth` from Node 26 on. Older versions record 128 frames, and limitStackDepth() cuts them.
    this.#parameters = { samplingInterval: sampleInterval, stackDepth, includeObjectsCollectedByMajorGC, includeObjectsCollectedByMinorGC }
    this.#stackDepth = stackDepth
    this.#purpose = purpose
    this.value = counted(this.#parameters)
  }

  /** Whether V8 samples this thread, whoever started it: it answers another start as if it were one. */
  static isSampling (purpose) {
    try {
      inspector.postSync('HeapProfiler.getSamplingProfile', undefined, purpose)
      return true
    } catch {
      return false
    }
  }

  start () {
    this.#post('HeapProfiler.startSampling', this.#parameters)
    this.isOn = true
  }

  /** The profile as text, after a full garbage collection. */
  read () {
    return this.#text(this.#profile('HeapProfiler.getSamplingProfile'))
  }

  /** The same, but not its single samples, and first how many these are: what adds up. */
  readTotals () {
    return this.#totals(this.#profile('HeapProfiler.getSamplingProfile'))
  }

  /** Stops with the profile. */
  end () {
    return this.#text(this.#last())
  }

  endWithTotals () {
    return this.#totals(this.#last())
  }

  /**
   * Stops without a profile. V8's command for sampling collects all garbage and makes the profile first; the other one, which disables the session,
   * also ends timelines and forgets the ids of objects. So it is not for threads where these matter.
   */
  stop () {
    if (!this.isOn) return
    this.isOn = false
    this.#post(othersMatter() ? 'HeapProfiler.stopSampling' : 'HeapProfiler.disable')
  }

  #last () {
    const profile = this.#profile('HeapProfiler.stopSampling')
    this.isOn = false
    return profile
  }

  #profile (method) {
    return this.isOn ? limitStackDepth(this.#post(method).profile, this.#stackDepth) : NOTHING
  }

  #post (method, parameters) {
    return inspector.postSync(method, parameters, this.#purpose)
  }

  /** V8's own format does not say what was counted. */
  #text (profile) {
    return JSON.stringify(this.value === 'inuse_space' ? profile : { valueType: this.value, ...profile })
  }

  #totals ({ head, samples }) {
    return JSON.stringify({ count: samples.length, valueType: this.value, head })
  }
}

function counted ({ includeObjectsCollectedByMajorGC: major, includeObjectsCollectedByMinorGC: minor }) {
  if (major && minor) return 'alloc_space'
  return major || minor ? 'space' : 'inuse_space'
}

/** Whether disabling the session would take something from somebody in this thread. */
function othersMatter () {
  return Boolean(shared.idsCount || shared.sessions.get('timeline')?.isRunning())
}

module.exports = { Sampler, othersMatter }
