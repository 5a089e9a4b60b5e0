'use strict'

// Each connection asks to be told of changes, and none says that it does not want to any more.

class PriceBook {
  #onChange = new Set()

  watch (callback) { this.#onChange.add(callback) }
}

const book = new PriceBook()

function connect (number) {
  const view = { number, rows: Array.from({ length: 100 }, (_, row) => row + 0.5) }
  book.watch(() => view.rows.fill(0))
}

module.exports = {
  holder: [/\bPriceBook\b|\bbook\b/, /#onChange/],
  thing: /set-of-functions\.js|connect|number, rows/,
  count: 1,
  bytes: 1000,
  calls: [500, 6000, 6000],
  leak (index) { connect(index) }
}
