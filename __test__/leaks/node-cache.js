'use strict'

// Invoices are cached with node-cache, whose entries live for ever unless somebody says otherwise.

const NodeCache = require('node-cache')

const invoiceCache = new NodeCache({ useClones: false })

class Invoice {
  constructor (number) {
    this.number = number
    this.amounts = Array.from({ length: 20 }, (_, line) => line * number + 0.5)
  }
}

module.exports = {
  holder: [/\binvoiceCache\b|\bNodeCache\b/],
  thing: /\bInvoice\b|\{t, v\}/,
  count: 1,
  bytes: 700,
  calls: [1000, 9000, 9000],
  leak (index) { invoiceCache.set(`invoice-${index}`, new Invoice(index)) }
}
