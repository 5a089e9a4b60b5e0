'use strict'

// Clients subscribe to an EventTarget of the application and go away without a word.

class PriceFeed extends EventTarget {}

const feed = new PriceFeed()
require('node:events').setMaxListeners(0, feed)

class Subscriber {
  constructor (number) {
    this.client = `client ${number}`
    this.backlog = Array.from({ length: 40 }, (_, price) => price + 0.5)
    this.onPrice = this.onPrice.bind(this)
  }

  onPrice ({ detail }) { this.backlog.push(detail) }
}

module.exports = {
  holder: [/\bfeed\b|\bPriceFeed\b/, /\bprice\b/],
  thing: /\bSubscriber\b/,
  count: 1,
  bytes: 1000,
  calls: [1000, 8000, 8000],
  leak (index) { feed.addEventListener('price', new Subscriber(index).onPrice) }
}
