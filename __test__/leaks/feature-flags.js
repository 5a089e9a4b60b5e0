'use strict'

// Symbol.for() with a text that differs each time: V8 keeps every symbol of its registry for ever.

const flag = (name, user) => Symbol.for(`feature ${name} as user number ${user} of this shop has it set`)

module.exports = {
  holder: [/\bSymbol\.for\b|\bsymbol (registry|table)\b|\bregistered symbols?\b/i],
  thing: /\bsymbols?\b/i,
  count: 1,
  bytes: 150,
  calls: [2000, 40_000, 40_000],
  leak (index) { return flag('dark-mode', index) }
}
