'use strict'

// The bytes of a recording that goes into no file: they are read as they come, because a child that makes them would wait for its reader.

const { handled } = require('../promises')

/** A promise of what there is to read from an open recording until its end, in chunks. Why there is no end, the recording itself says. */
function bytesOf (recording) {
  const chunks = readAll(recording)
  handled(chunks)
  return chunks
}

async function readAll (recording) {
  const chunks = []
  for (let bytes; (bytes = await recording.read()) !== null;) chunks.push(bytes)
  recording.close()
  return chunks
}

module.exports = { bytesOf }
