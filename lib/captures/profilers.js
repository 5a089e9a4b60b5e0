'use strict'

// V8's two profilers of a thread, as captures use them. `purpose` names the inspector session (lib/inspector.js): a CPU profile belongs to its session,
// sampling is one in a thread.

const inspector = require('../inspector')
const { limitStackDepth } = require('./stack-depth')
const shared = require('../shared')

const cpu = {
  start ({ sampleInterval }, purpose) {
    inspector.postSync('Profiler.enable', undefined, purpose)
    inspector.postSync('Profiler.setSamplingInterval', { interval: sampleInterval }, purpose)
    inspector.postSync('Profiler.start', undefined, purpose)
  },

  /** Stops, and answers V8's text. */
  take (purpose) {
    const { profile } = inspector.postSync('Profiler.stop', undefined, purpose)
    inspector.postSync('Profiler.disable', undefined, purpose)
    return JSON.stringify(profile)
  },

  stop (purpose) {
    // It ends a profile, too.
    inspector.postSync('Profiler.disable', undefined, purpose)
  }
}

const sampling = {
  start ({ sampleInterval, stackDepth, includeObjectsCollectedByMajorGC, includeObjectsCollectedByMinorGC }, purpose) {
    // V8 knows `stackDepth` from Node 26 on. Older versions record 128 frames, and limitStackDepth() cuts them.
    const params = { samplingInterval: sampleInterval, stackDepth, includeObjectsCollectedByMajorGC, includeObjectsCollectedByMinorGC }
    inspector.postSync('HeapProfiler.startSampling', params, purpose)
  },

  /** V8's text. It begins with a full garbage collection. */
  read ({ stackDepth }, purpose) {
    return text('HeapProfiler.getSamplingProfile', stackDepth, purpose)
  },

  /** The same, and stops. */
  take ({ stackDepth }, purpose) {
    return text('HeapProfiler.stopSampling', stackDepth, purpose)
  },

  /**
   * Stops without a profile. V8's command for sampling collects all garbage and makes the profile first; the other one, which disables the session,
   * also ends timelines and forgets the ids of objects. So it is not for threads where these matter.
   */
  stop (purpose) {
    const matters = shared.idsCount || shared.sessions.get('timeline')?.isRunning()
    inspector.postSync(matters ? 'HeapProfiler.stopSampling' : 'HeapProfiler.disable', undefined, purpose)
  }
}

function text (method, stackDepth, purpose) {
  const { profile } = inspector.postSync(method, undefined, purpose)
  return JSON.stringify(limitStackDepth(profile, stackDepth))
}

module.exports = { cpu, sampling }
