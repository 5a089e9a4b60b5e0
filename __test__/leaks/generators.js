'use strict'

// A scheduler has each import in a generator, a page at a time. An import that has no next page is never asked again, and never taken out.

const running = new Set()

function * importPages (supplier) {
  const rows = Array.from({ length: 30 }, (_, row) => row * supplier + 0.5)
  while (rows.length > 0) yield rows.pop()
}

module.exports = {
  holder: [/\brunning\b/, /generators\.js/],
  thing: /\bimportPages\b/,
  count: 1,
  bytes: 900,
  calls: [1000, 8000, 8000],
  leak (index) {
    const pages = importPages(index + 1)
    pages.next()
    running.add(pages)
  }
}
