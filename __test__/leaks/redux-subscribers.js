'use strict'

// Each rendering subscribes to the one store of Redux, and the page that it made is long gone.

const { legacy_createStore: createStore } = require('redux')

const store = createStore((state = 0) => state + 1)

class Rendering {
  constructor (number) {
    this.cells = Array.from({ length: 40 }, (_, cell) => cell * number + 0.5)
    store.subscribe(() => this.cells.push(store.getState()))
  }
}

module.exports = {
  holder: [/\bstore\b|\bcreateStore\b|\bsubscribe\b/i, /[lL]isteners\b/],
  thing: /\bRendering\b/,
  count: 1,
  bytes: 900,
  calls: [500, 7000, 7000],
  leak (index) { return new Rendering(index) }
}
