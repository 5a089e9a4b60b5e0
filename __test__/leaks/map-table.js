'use strict'

// When each user was last seen is kept by number for ever: numbers by numbers, so that nothing grows but the Map's own table.

const lastSeen = new Map()

module.exports = {
  holder: [/\blastSeen\b/, /map-table\.js/],
  thing: /\bMap\b|\bnumber|\bentries\b/,
  bytes: 30,
  calls: [1000, 200_000, 200_000],
  leak (index) { lastSeen.set(index, index % 86_400) }
}
