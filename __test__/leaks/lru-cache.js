'use strict'

// Users are cached in an LRUCache with a limit that is never reached. Its class is minified and its parts are private fields.

const { LRUCache } = require('lru-cache')

const userCache = new LRUCache({ max: 1_000_000 })

class User {
  constructor (number) {
    this.name = `user number ${number}`
    this.address = { street: `${number} Main Street`, city: `city ${number % 100}` }
  }
}

module.exports = {
  holder: [/\buserCache\b|\bLRUCache\b/],
  thing: /\bUser\b/,
  count: 1,
  bytes: 300,
  calls: [2000, 20_000, 20_000],
  leak (index) { userCache.set(`user:${index}`, new User(index)) }
}
