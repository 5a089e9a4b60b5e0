'use strict'

// Redis does not answer: ioredis keeps all commands in its offline queue until it does.

const Redis = require('ioredis')
const { silentServer } = require('./support/silent')

let redis

module.exports = {
  holder: [/\bofflineQueue\b/, /\bRedis\b|\bredis\b/],
  thing: /\bCommand\b/,
  count: 1,
  bytes: 1100,
  calls: [500, 5000, 5000],
  async start () { redis = new Redis({ port: await silentServer(), host: '127.0.0.1', connectTimeout: 600_000, maxRetriesPerRequest: null }) },
  leak (index) { redis.set(`cart:${index}`, `items of cart ${index}`).catch(() => {}) }
}
