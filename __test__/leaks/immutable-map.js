'use strict'

// The state of an application is an immutable Map that only ever gets more keys.

const { Map: ImmutableMap } = require('immutable')

let visitors = ImmutableMap()

class Visitor {
  constructor (number) { this.pages = Array.from({ length: 25 }, (_, page) => page * number + 0.5) }
}

module.exports = {
  holder: [/\bvisitors\b/, /immutable-map\.js/],
  thing: /\bVisitor\b/,
  count: 1,
  bytes: 560,
  calls: [1000, 10_000, 10_000],
  leak (index) { visitors = visitors.set(`visitor-${index}`, new Visitor(index)) }
}
