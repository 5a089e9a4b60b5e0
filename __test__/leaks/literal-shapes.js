'use strict'

// Pages that were fetched are kept by address, as plain objects, and never thrown away.

const pages = new Map()

function fetched (number) {
  const url = `https://shop.example/products/${number}`
  return { url, html: Buffer.alloc(300, `${number} `).toString(), at: number }
}

module.exports = {
  holder: [/\bpages\b/, /literal-shapes\.js/],
  thing: /\{url, html, at\}/,
  count: 1,
  bytes: 500,
  calls: [1000, 10_000, 10_000],
  leak (index) {
    const page = fetched(index)
    pages.set(page.url, page)
  }
}
