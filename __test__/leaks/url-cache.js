'use strict'

// Answers are cached by their whole URL, with a parameter that is different each time.

const cache = new Map()

function cachedFetch (url) {
  if (!cache.has(url.href)) cache.set(url.href, { url, status: 200, body: Array.from({ length: 25 }, (_, id) => ({ id, price: id * 1.5 })) })
  return cache.get(url.href)
}

module.exports = {
  holder: [/\bcache\b/, /url-cache\.js/],
  thing: /url, status, body/,
  count: 1,
  bytes: 1500,
  calls: [500, 5000, 5000],
  leak (index) { cachedFetch(new URL(`https://shop.example/items?cursor=${index}`)) }
}
