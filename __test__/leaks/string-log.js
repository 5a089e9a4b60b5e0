'use strict'

// A log in memory: each line is added to one text that grows for ever.

let accessLog = ''

function log (line) {
  accessLog += line
  return accessLog.length
}

module.exports = {
  holder: [/\baccessLog\b/, /string-log\.js/],
  thing: /\bstrings?\b/,
  bytes: 150,
  calls: [2000, 30_000, 30_000],
  leak: (index) => log(`10.0.0.${index % 256} GET /products/${index} 200 ${index % 97} ms\n`)
}
