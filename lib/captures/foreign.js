'use strict'

// Captures of another process, of which somebody brings V8's text: they are written here as its own would be there.

const { bare } = require('../options')
const { bytesOf } = require('./bytes')
const { converted } = require('./conversion')
const { announce } = require('./events')
const { Recording } = require('./recording')

/**
 * Opens the output, and only then has `collect()` begin, which answers V8's text. `subject` says whose it is (subject.js), `about` what other formats say of it ({ sampleInterval }).
 * Answers { artifact, chunks }; the latter are the bytes of one that goes into no file.
 */
async function recordForeign (kind, subject, wanted, about, collect) {
  const start = announce(kind)
  const { stream = false } = wanted
  const recording = new Recording(kind, converted(kind, bare(wanted, { subject }), { ...about, start }), { start, stream })
  await recording.open()
  const chunks = stream ? bytesOf(recording) : undefined
  const text = await recording.step(collect)
  await recording.writeText(text)
  return { artifact: await recording.finish(), chunks: await chunks }
}

module.exports = { recordForeign }
