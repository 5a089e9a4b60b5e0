'use strict'

// A handler gives its renderer to marked for each page that it renders, to that one which the whole process has: each wraps the one before.

const { marked } = require('marked')

class PageLinks {
  constructor (number) { this.offsets = Array.from({ length: 40 }, (_, offset) => offset * number + 0.5) }
}

module.exports = {
  holder: [/\bmarked\b/],
  thing: /\bPageLinks\b|marked-extensions\.js/,
  bytes: 2200,
  calls: [50, 600, 600],
  leak (index) {
    const links = new PageLinks(index)
    marked.use({ walkTokens: (token) => { if (token.type === 'link') links.offsets.push(token.raw.length) } })
  }
}
