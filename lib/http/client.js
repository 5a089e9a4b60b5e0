'use strict'

// The client of a request: whether it is still there.

/**
 * Watches until `release()` whether the client goes away. Answers { signal, abort, release }: the signal aborts when it does, or by `abort(reason)`.
 * It also aborts when an answer was sent: while somebody watches, that can only be the refusal of a body that is too long.
 */
function watchClient (req, res) {
  const gone = new AbortController()
  const onClose = () => gone.abort(new Error('the client went away'))
  res.once('close', onClose)
  // A response that waits for its turn behind another's has no connection yet, and hears nothing of its end.
  req.socket?.once('close', onClose)
  // Over HTTP/2 this may be the only event where a response still has something to send.
  req.once('aborted', onClose)
  if (res.destroyed || req.socket?.destroyed) onClose()
  return {
    signal: gone.signal,
    abort: (reason) => gone.abort(reason),
    release () {
      res.off('close', onClose)
      req.socket?.off('close', onClose)
      req.off('aborted', onClose)
    }
  }
}

module.exports = { watchClient }
