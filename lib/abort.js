'use strict'

// AbortSignals, which may be of somebody's own making: whatever they throw becomes a HeapkitError.

const { HeapkitError, isHeapkitError, codes, brokenOption } = require('./errors')

/** Calls `onAbort` when the signal, if there is one, aborts. Throws where it is aborted already, with an error about `what`. */
function listen (signal, onAbort, what) {
  if (signal === undefined) return
  let isAborted
  try {
    isAborted = signal.aborted
    if (!isAborted) signal.addEventListener('abort', onAbort, { once: true })
  } catch (cause) {
    leave(signal, onAbort)
    throw brokenOption('signal', 'cannot be listened to', cause)
  }
  if (isAborted) throw aborted(signal, what)
}

function leave (signal, onAbort) {
  try {
    signal?.removeEventListener('abort', onAbort)
  } catch {
    // It may still call back, which does not matter any more.
  }
}

/** The error of what a signal has given up. If its reason is a HeapkitError, it is that. */
function aborted (signal, what = 'The capture') {
  let cause
  try {
    cause = signal.reason
  } catch (error) {
    cause = error
  }
  if (isHeapkitError(cause)) return cause
  return new HeapkitError(codes.ABORTED, `${what} was given up: its AbortSignal was aborted`, { cause })
}

module.exports = { listen, leave, aborted }
