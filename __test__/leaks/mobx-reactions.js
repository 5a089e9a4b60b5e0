'use strict'

// Each view watches an observable of MobX with autorun(), and nobody disposes of it.

const { autorun, observable } = require('mobx')

const prices = observable({ gold: 1800 }, {}, { deep: false })

class PriceView {
  constructor (number) {
    this.shown = Array.from({ length: 40 }, (_, price) => price * number + 0.5)
    autorun(() => { this.shown[0] = prices.gold })
  }
}

module.exports = {
  holder: [/\bObservableValue\b|\bprices\b/, /\bobservers_?\b/],
  thing: /\bReaction\b|\bPriceView\b/,
  count: 1,
  bytes: 1700,
  calls: [500, 5000, 5000],
  leak (index) { return new PriceView(index) }
}
