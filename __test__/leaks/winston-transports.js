'use strict'

// A logger of winston gets a transport of its own for each job, and keeps it when the job is done.

const { PassThrough } = require('node:stream')
const winston = require('winston')

const logger = winston.createLogger({ transports: [] }).setMaxListeners(0)

module.exports = {
  holder: [/\bDerivedLogger\b|\bLogger\b|\blogger\b/],
  thing: /\bStream\b|\bPassThrough\b|\bTransport\b/,
  count: 1,
  bytes: 3900,
  calls: [50, 1300, 1300],
  leak () { logger.add(new winston.transports.Stream({ stream: new PassThrough() })) }
}
