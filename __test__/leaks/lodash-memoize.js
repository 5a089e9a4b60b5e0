'use strict'

// lodash.memoize remembers the price for each product and day that anybody ever asked for.

const memoize = require('lodash.memoize')

class Price {
  constructor (key) {
    this.key = key
    this.steps = Array.from({ length: 20 }, (_, step) => step + 0.99)
  }
}

const priceFor = memoize(function computePrice (key) { return new Price(key) })

module.exports = {
  holder: [/\bpriceFor\b|\bmemoized?\b.*\bcache\b|\bcache\b.*\bmemoized?\b/],
  thing: /\bPrice\b/,
  count: 1,
  bytes: 480,
  calls: [1000, 12_000, 12_000],
  leak (index) { priceFor(`product ${index % 500} on day ${index}`) }
}
