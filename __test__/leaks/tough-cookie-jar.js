'use strict'

// A crawler has one jar of tough-cookie for all that it visits, and the cookies of each site stay in it.

const { CookieJar } = require('tough-cookie')

const jar = new CookieJar()

module.exports = {
  holder: [/\bMemoryCookieStore\b|\bCookieJar\b|\bjar\b/, /\bidx\b|\bstore\b/],
  thing: /\b_?Cookie\b/,
  count: 1,
  bytes: 1300,
  calls: [500, 4000, 4000],
  leak (index) { jar.setCookieSync(`visitor=${index}.${'x'.repeat(60)}; Max-Age=31536000`, `https://shop-${index}.example/`) }
}
