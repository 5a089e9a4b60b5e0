'use strict'

// The only file that requires node:inspector. One session for each isolate, opened when first needed and never closed:
// closing any session, even one that did nothing, makes V8 forget the object ids of earlier snapshots and drop the
// allocation stacks of a running timeline (V8HeapProfilerAgentImpl::disable, seen on Node 20 to 26).

const { HeapkitError, codes } = require('./errors')

let session

function connect () {
  if (session !== undefined) return session
  let connected
  try {
    const { Session } = require('node:inspector')
    connected = new Session()
    connected.connect()
  } catch (cause) {
    throw new HeapkitError(codes.UNSUPPORTED,
      `V8's inspector is not available in this process (${cause.code ?? cause.message}); heapkit needs it. ` +
      'Node.js must be built with the inspector, and with --permission it needs --allow-inspector', { cause })
  }
  session = connected
  return session
}

function refused (method, cause) {
  return new HeapkitError(codes.INSPECTOR, `V8 refused ${method}: ${cause.message}`, { cause })
}

/** Sends a command; `done(error, result)` is called at once, or later where V8 makes a task of it. */
function post (method, params, done) {
  connect().post(method, params, (error, result) => {
    done(error ? refused(method, error) : null, result)
  })
}

/** Sends a command that V8 answers at once. */
function postSync (method, params) {
  let answer
  post(method, params, (error, result) => { answer = { error, result } })
  if (answer === undefined) throw refused(method, new Error('no answer'))
  if (answer.error) throw answer.error
  return answer.result
}

/** Calls `listener` with each chunk of a heap snapshot, until the function that it returns is called. */
function onSnapshotChunk (listener) {
  const connected = connect()
  const onChunk = ({ params }) => listener(params.chunk)
  connected.on('HeapProfiler.addHeapSnapshotChunk', onChunk)
  return () => connected.off('HeapProfiler.addHeapSnapshotChunk', onChunk)
}

module.exports = { post, postSync, onSnapshotChunk }
