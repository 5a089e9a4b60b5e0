'use strict'

// Each order is handed out behind a Proxy that records changes; all of them are remembered, to be saved some day.

const drafts = new Set()

class Order {
  constructor (number) {
    this.number = number
    this.lines = Array.from({ length: 20 }, (_, line) => line * number + 0.5)
  }
}

const open = (order) => new Proxy(order, { changed: [], set (target, key, value) { return this.changed.push(key) > 0 && Reflect.set(target, key, value) } })

module.exports = {
  holder: [/\bdrafts\b/, /proxies\.js/],
  thing: /\bProxy\b|\bOrder\b/,
  count: 1,
  bytes: 800,
  calls: [1000, 8000, 8000],
  leak (index) { drafts.add(open(new Order(index))) }
}
