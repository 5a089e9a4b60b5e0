'use strict'

// Answers of a slow service are cached in Keyv, which has a Map unless it is given something else, and no time to live unless it is told one.

const { Keyv } = require('keyv')

const answers = new Keyv({ namespace: 'stock' })

module.exports = {
  holder: [/\bKeyv\b|\banswers\b/, /\bstore\b|\b_store\b|\bMap\b|\bopts\b/],
  thing: /string/,
  bytes: 3000,
  calls: [500, 6000, 6000],
  leak: (index) => answers.set(`product-${index}`, { stock: Array.from({ length: 30 }, (_, shop) => shop * index + 0.25) })
}
