'use strict'

// How the text of a snapshot gets out of the stream that Node wraps around V8: at once, and without a copy for each chunk.

/** V8 fills chunks of this size, all but the last. */
const CHUNK_BYTES = 64 * 1024

/**
 * Calls `onChunk` with each chunk of a stream that delivers everything on the first read, and answers whether it ended. A chunk is
 * only valid during the call. Once onChunk has thrown, the rest is dropped, and its error is thrown at the end.
 */
function readOut (stream, onChunk) {
  let ended = false
  let failure
  const take = (chunk) => {
    if (chunk === null) ended = true
    else if (!failure) {
      try {
        onChunk(chunk)
      } catch (error) {
        failure = { error }
      }
    }
    return true
  }
  if (!readIntoOneBuffer(stream, take)) stream.push = take
  stream.read(0)
  if (failure) throw failure.error
  return ended
}

/**
 * Makes Node put every chunk into the same buffer, as it does for sockets with `onread`. A new buffer for each took more than one percent of a
 * snapshot's time, and its memory was not free before the next garbage collection. Answers whether this Node can do so.
 */
function readIntoOneBuffer (stream, take) {
  const handle = stream[Object.getOwnPropertySymbols(stream).find(({ description }) => description === 'kHandle')]
  if (typeof handle?.useUserBuffer !== 'function' || handle.bytesRead !== 0) return false
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)
  let seen = 0
  handle.useUserBuffer(buffer)
  handle.onread = () => {
    const bytes = handle.bytesRead - seen
    seen += bytes
    take(bytes === 0 ? null : buffer.subarray(0, bytes))
  }
  return true
}

module.exports = { readOut }
