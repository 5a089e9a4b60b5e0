'use strict'

// Orders by their number in a plain object, whose keys V8 keeps as it keeps the elements of arrays.

class OrderDesk {
  byNumber = {}

  take (number) { this.byNumber[number * 37] = new PurchaseOrder(number) }
}

class PurchaseOrder {
  constructor (number) {
    this.reference = `PO-${number}`
    this.amounts = Array.from({ length: 50 }, (_, line) => line * 1.25)
  }
}

const desk = new OrderDesk()

module.exports = {
  holder: [/\bOrderDesk\b|\bdesk\b/, /\bbyNumber\b/],
  thing: /\bPurchaseOrder\b/,
  count: 1,
  bytes: 600,
  calls: [1000, 8000, 8000],
  leak (index) { desk.take(index) }
}
