'use strict'

// Each upload adds a stream to pino's multistream, to have a log of its own; none is ever taken out.

const { PassThrough } = require('node:stream')
const pino = require('pino')

const destinations = pino.multistream([])
const logger = pino(destinations)

module.exports = {
  holder: [/\bdestinations\b|\bmultistream\b/, /\bstreams\b/],
  thing: /\bPassThrough\b|\{[^}]*\bstream\b/,
  count: 1,
  bytes: 650,
  calls: [200, 4000, 4000],
  leak (index) {
    destinations.add({ level: 'fatal', stream: new PassThrough() })
    logger.trace(index)
  }
}
