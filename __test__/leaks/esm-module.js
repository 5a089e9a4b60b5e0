'use strict'

// A list in an ECMAScript module, which nobody exports, and to which each request adds.

let shop

module.exports = {
  holder: [/\bbaskets\b/, /baskets\.mjs/],
  thing: /\bBasket\b/,
  count: 1,
  bytes: 500,
  calls: [1000, 8000, 8000],
  async start () { shop = await import('./support/esm/baskets.mjs') },
  leak (index) { shop.openBasket(index) }
}
