'use strict'

// Carts are put into an array of the module, for a report that nobody wrote; they are never taken out.

const carts = []

class Cart {
  constructor (number) {
    this.items = [`sku-${number}`, `sku-${number + 1}`]
    this.note = `to be delivered on day ${number} by noon`
  }
}

module.exports = {
  holder: [/\bcarts\b/, /module-array\.js/],
  thing: /\bCart\b/,
  count: 1,
  bytes: 290,
  calls: [2000, 20_000, 20_000],
  leak (index) { carts.push(new Cart(index)) }
}
