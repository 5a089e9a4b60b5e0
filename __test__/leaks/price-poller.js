'use strict'

// Who looks at a price starts a poller; its interval is never cleared.

class PricePoller {
  constructor (product) {
    this.product = product
    this.prices = Array.from({ length: 20 }, (_, day) => day + 0.99)
  }

  start () {
    this.timer = setInterval(() => this.poll(), 3_600_000)
  }

  poll () { this.prices.push(this.prices.at(-1)) }
}

module.exports = {
  holder: [/\bTimeouts?\b|\btimers?\b|\bintervals?\b|\bsetInterval\b/],
  thing: /\bPricePoller\b/,
  count: 1,
  bytes: 850,
  calls: [1000, 8000, 8000],
  leak (index) { new PricePoller(`product ${index}`).start() }
}
