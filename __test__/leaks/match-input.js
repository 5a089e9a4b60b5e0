'use strict'

// What a regular expression found in each log is kept; a match has all of the text in its property `input`.

const matches = []

module.exports = {
  holder: [/\bmatches\b/, /match-input\.js/],
  thing: /\bArray\b|\binput\b|\bstring\b/,
  bytes: 8300,
  calls: [100, 1200, 1200],
  leak (index) {
    const log = Buffer.alloc(8000, `line ${index} took ${index % 100} ms; `).toString('latin1')
    matches.push(/took (\d+) ms/.exec(log))
  }
}
