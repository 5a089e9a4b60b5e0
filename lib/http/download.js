'use strict'

// Sends the bytes of an artifact so that what the client saves has the right name. DevTools opens no .gz file: a client
// that accepts the encoding gets it as Content-Encoding, under the bare name; any other gets the packed file as it is.

const path = require('node:path')
const { pipeline } = require('node:stream/promises')
const { HeapkitError, codes } = require('../errors')
const { codecs } = require('../native')
const { deferred, handled, race } = require('../promises')
const time = require('../time')

/** The sink waits as long for the reader of a stream. */
const PATIENCE_MS = 30_000

/** The names of codecs by their extensions. HTTP uses the same names for content codings and media types. */
const CODINGS = new Map(codecs().filter(({ extension }) => extension !== '').map(({ extension, name }) => [extension, name]))

/** What is no JSON. */
const TYPES = { '.pb': 'application/octet-stream', '.folded': 'text/plain; charset=utf-8', '.html': 'text/html; charset=utf-8' }

/** What is downloaded is shown nowhere. Should something show it all the same, no script of it runs in the service's own origin. */
const POLICY = 'sandbox'

/** Headers for an artifact called `name`. */
function downloadHeaders (req, name) {
  const extension = path.extname(name)
  const coding = CODINGS.get(extension)
  const headers = {
    'Content-Type': TYPES[path.extname(coding ? path.basename(name, extension) : name)] ?? 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': POLICY,
    Vary: 'Accept-Encoding'
  }
  if (coding && accepts(req.headers['accept-encoding'], coding)) {
    headers['Content-Encoding'] = coding
    name = path.basename(name, extension)
  } else if (coding) {
    headers['Content-Type'] = `application/${coding}`
  }
  headers['Content-Disposition'] = `attachment; filename="${name}"`
  return headers
}

/** RFC 9110, 12.5.3, but without the header nothing is accepted: such clients save what they get. */
function accepts (header, coding) {
  const weights = new Map((header ?? '').toLowerCase().split(',').map((part) => {
    const [name, ...parameters] = part.split(';').map((piece) => piece.trim())
    return [name, !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))]
  }))
  // '*' stands for the codings that are not named.
  return weights.get(coding) ?? weights.get('*') ?? false
}

/**
 * Resolves when everything was sent; rejects when the source fails, the client goes away or takes nothing for `patienceMs`, or `signal` aborts.
 * If `bytes` were announced, none may be missing. `check` is called before the last chunk is sent, and may throw. A download that breaks off does
 * not look complete to the client.
 */
async function sendStream (res, source, { bytes, check, signal, patienceMs = PATIENCE_MS } = {}) {
  const progress = { chunks: 0 }
  // pipeline() does not see every response end: not one over HTTP/2 that waits for its reader, for instance.
  const broken = deferred()
  handled(broken.promise)
  const giveUp = (error) => {
    broken.reject(error)
    breakOff(res)
    source.destroy(error)
  }
  const onAbort = () => giveUp(signal.reason)
  source.on('error', giveUp)
  signal?.addEventListener('abort', onAbort, { once: true })
  let watch
  try {
    watch = watchReader(res, progress, patienceMs, giveUp)
    if (signal?.aborted) onAbort()
    await race(broken.promise, pipeline(source, (chunks) => whole(chunks, res, progress, bytes, check), res))
  } catch (error) {
    // Wait until nothing is left of the source.
    if (!source.closed) {
      const closed = deferred()
      source.once('close', closed.resolve)
      await closed.promise
    }
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
    watch?.cancel()
  }
}

/** Passes all chunks on, the last one only when everything is known to be right. Otherwise the connection breaks off. */
async function * whole (chunks, res, progress, bytes = 0, check) {
  let sent = 0
  let last
  try {
    for await (const chunk of chunks) {
      if (last !== undefined) yield last
      last = chunk
      sent += chunk.length
      progress.chunks++
    }
    if (sent < bytes) throw new HeapkitError(codes.IO, `The file became shorter while it was sent: ${sent} bytes instead of ${bytes}`)
    await check?.()
    if (last !== undefined) yield last
  } catch (error) {
    breakOff(res)
    throw error
  }
}

/** Ends an answer so that it does not look complete. */
function breakOff (res) {
  if (res.stream?.rstCode !== undefined) {
    // HTTP/2: the connection belongs to other requests as well. Not close(), which says first that all was sent.
    res.stream.destroy(new HeapkitError(codes.ABORTED, 'The download broke off'))
  } else if (res.chunkedEncoding || res.hasHeader('content-length')) {
    res.destroy()
  } else {
    reset(res)
  }
}

/** To HTTP/1.0 the end of the connection is the end of the file, unless it is a reset. */
function reset (res) {
  const { socket } = res
  try {
    // resetAndDestroy() first ends a socket that is still writable. To the client that end would look like success.
    socket.writable = false
    socket.resetAndDestroy()
    socket.destroy()
  } catch {
    // Not a TCP connection.
    res.destroy()
  }
}

/** Whether a client can tell an answer without a length that breaks off from a whole one. */
function canTellBreaks ({ httpVersionMajor, httpVersionMinor, socket }) {
  // Only TCP has addresses.
  return httpVersionMajor > 1 || httpVersionMinor >= 1 || (socket.remoteAddress !== undefined && !socket.encrypted)
}

/** Calls `onStall` when bytes wait for a client that takes none of them. Answers the watch, to be cancelled. */
function watchReader (res, progress, patienceMs, onStall) {
  const out = res.stream ?? res
  let taken
  let since = time.now()
  return time.every(patienceMs / 10, () => {
    const now = takenBy(res, progress)
    if (!out.writableNeedDrain || now !== taken) {
      taken = now
      since = time.now()
    } else if (time.now() - since >= patienceMs) {
      onStall(new HeapkitError(codes.STALLED, `The client of the download took nothing for ${patienceMs / 1000} s while ${out.writableLength} bytes were waiting for it; the connection was ended`))
    }
  })
}

/** A value that changes whenever the client takes something. Over HTTP/2 the connection's bytes say nothing: they may be another request's. */
function takenBy ({ stream, socket }, { chunks }) {
  return stream ? `${chunks} ${stream.bufferSize}` : socket?.bytesWritten
}

module.exports = { downloadHeaders, sendStream, canTellBreaks }
