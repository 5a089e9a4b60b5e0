'use strict'

// A module marks the objects of each user with a registered symbol of its own: Symbol.for() keeps the name for as long as the process lives.

module.exports = {
  holder: [/\bSymbol\.for\(\)/],
  thing: /\bsymbol\b/i,
  bytes: 130,
  calls: [2000, 30_000, 30_000],
  leak (index) { return { [Symbol.for(`shop.example/users/${index}/permissions`)]: index } }
}
