'use strict'

// The price list is reloaded by removing it from require.cache. The module that requires it keeps all that there ever were among its children.

const PRICE_LIST = require.resolve('./support/price-list')

module.exports = {
  holder: [/\bchildren\b/, /\bModule\b|require-cache\.js/],
  thing: /\bModule\b/,
  count: 1,
  bytes: 25_000,
  calls: [20, 200, 200],
  leak () {
    delete require.cache[PRICE_LIST]
    require(PRICE_LIST)
  }
}
