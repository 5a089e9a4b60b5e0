'use strict'

// The bytes of a recording that goes to a stream and is complete, as a Readable.

const { Readable } = require('node:stream')
const { settle } = require('../promises')

/** One read at a time: what is not read stays in the sink's own bounded pipe. Nothing is left of it when the stream is closed. */
function bytesOf (recording) {
  return new Readable({
    highWaterMark: 1,
    read () {
      settle(recording.read(), (bytes) => this.push(bytes), (error) => this.destroy(error))
    },
    destroy (error, callback) {
      recording.close()
      callback(error)
    }
  })
}

module.exports = { bytesOf }
