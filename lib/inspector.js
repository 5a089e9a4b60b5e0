'use strict'

// The only file that requires node:inspector. Sessions are opened when first needed, for each isolate, and never closed:
// closing any session, even one that did nothing, makes V8 forget the object ids of earlier snapshots and drop the
// allocation stacks of a running timeline (V8HeapProfilerAgentImpl::disable, seen on Node 20 to 26). One session is for
// captures; one for timelines, so that one that is given up can be ended alone (captures/timeline.js). Object ids have another,
// because they stop its timer (captures/object-ids.js), and so have a worker's profiles for the main thread (captures/workers.js).
// The rest exist in forked children only (captures/snapshot.js,
// captures/census.js). All copies of heapkit in a thread use the same ones.

const { HeapkitError, codes, textOf } = require('./errors')
const { runtime, needV8 } = require('./runtime')
const { inspectors: sessions } = require('./shared')

/** Whether one of this thread was found to answer too late. */
let isLate = false

/** Answers the session for a purpose, or throws before anything is asked of V8. */
function connect (purpose = 'captures') {
  let connected = sessions.get(purpose)
  if (connected !== undefined) return connected
  needV8()
  if (isLate) throw late()
  try {
    const { Session } = require('node:inspector')
    connected = new Session()
    connected.connect()
  } catch (cause) {
    throw new HeapkitError(codes.UNSUPPORTED,
      `V8's inspector is not available in this process (${cause?.code ?? textOf(cause)}); heapkit needs it. ` +
      'Node.js must be built with the inspector, and with --permission it needs --allow-inspector', { cause })
  }
  if (!runtime.isNode) mustAnswerAtOnce(connected)
  sessions.set(purpose, connected)
  return connected
}

/** In Deno a command is carried out, and answered, when heapkit has gone on: what was to be started runs then, and nobody knows of it. */
function mustAnswerAtOnce (connected) {
  let answered = false
  connected.post('Runtime.getIsolateId', () => { answered = true })
  if (answered) return
  // It stays open, as all of them.
  isLate = true
  throw late()
}

function late () {
  return new HeapkitError(codes.UNSUPPORTED,
    `heapkit's sessions need an inspector that answers at once, and that of ${runtime.label} does not. Run the program in Node.js for that; ` +
    'takeSnapshot() does without')
}

function refused (method, cause) {
  return new HeapkitError(codes.INSPECTOR, `V8 refused ${method}: ${textOf(cause)}`, { cause })
}

/** Sends a command, which V8 answers before this returns. */
function postSync (method, params, purpose) {
  let answer
  connect(purpose).post(method, params, (error, result) => { answer = { error, result } })
  if (answer === undefined) throw refused(method, new Error('no answer'))
  if (answer.error) throw refused(method, answer.error)
  return answer.result
}

/** Sends a command that puts out a snapshot, and calls `onChunk` with each piece of it. */
function collectSnapshot (method, onChunk, purpose) {
  const connected = connect(purpose)
  let failure
  const listener = ({ params }) => {
    try {
      onChunk(params.chunk)
    } catch (error) {
      failure ??= error
    }
  }
  connected.on('HeapProfiler.addHeapSnapshotChunk', listener)
  try {
    // Never true: V8 would run this process's JavaScript in the middle of its walk over the heap, and crash.
    postSync(method, { reportProgress: false }, purpose)
  } finally {
    connected.off('HeapProfiler.addHeapSnapshotChunk', listener)
  }
  if (failure) throw failure
}

/** Calls `listener` whenever V8 samples a running timeline. Returns a function that ends this. */
function onTimelineSample (listener) {
  const connected = connect('timeline')
  connected.on('HeapProfiler.lastSeenObjectId', listener)
  return () => connected.off('HeapProfiler.lastSeenObjectId', listener)
}

/** Whether a debugger may be there, or come, whose timelines and ids of objects are not heapkit's to end. */
function isOpen () {
  return require('node:inspector').url() !== undefined
}

module.exports = { connect, isOpen, postSync, collectSnapshot, onTimelineSample }
