'use strict'

// Only the title of each page is kept, but V8 makes it a slice of the whole page.

const titles = []

module.exports = {
  holder: [/\btitles\b/, /sliced-strings\.js/],
  thing: /\bstrings?\b/,
  bytes: 10_100,
  calls: [100, 1000, 1000],
  leak (index) {
    const page = Buffer.alloc(10_000, `page ${index} about all that the shop has `).toString('latin1')
    titles.push(page.slice(0, 40))
  }
}
