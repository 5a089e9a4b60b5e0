'use strict'

// Each request subscribes to a diagnostics channel to time its queries, and stays subscribed.

const { subscribe } = require('node:diagnostics_channel')

class QueryTimer {
  constructor (number) {
    this.request = number
    this.durations = Array.from({ length: 30 }, (_, query) => query * number + 0.5)
  }

  watch () { subscribe('shop:query', (message) => this.durations.push(message.took)) }
}

module.exports = {
  holder: [/\bshop:query\b|\bActiveChannel\b|\bChannel\b/],
  thing: /\bQueryTimer\b/,
  count: 1,
  bytes: 820,
  calls: [500, 4000, 4000],
  leak (index) { new QueryTimer(index).watch() }
}
