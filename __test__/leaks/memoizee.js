'use strict'

// memoizee remembers the route from each place to each other, by both, without a limit.

const memoizee = require('memoizee')

class Route {
  constructor (from, to) { this.stops = Array.from({ length: 25 }, (_, stop) => stop * from + to + 0.5) }
}

const routeBetween = memoizee(function findRoute (from, to) { return new Route(from, to) }, { primitive: true })

module.exports = {
  holder: [/\brouteBetween\b|\bmemoized?\b|\bmemoizee\b|\bfindRoute\b/, /\bcache\b|\brouteBetween\b|\bmemo\w*/],
  thing: /\bRoute\b/,
  count: 1,
  bytes: 480,
  calls: [1000, 10_000, 10_000],
  leak (index) { routeBetween(index, index + 1) }
}
