'use strict'

// What grows and changes in every healthy service, so that a leak is never alone between two snapshots: a cache that fills once, modules that are loaded
// late, code that becomes hot, a window of recent requests that turns over, a number of connections that goes up and down, garbage.

const RECENT = 300
const LATE_MODULES = ['node:readline', 'node:dns/promises', 'node:querystring']
const CONNECTIONS = [60, 90, 75]

class RecentRequest {
  constructor (number) {
    this.url = `/products/${number}?page=${number % 7}`
    this.tookMs = number / 7
  }
}

class Connection {
  constructor (number) {
    this.peer = `10.0.0.${number}`
    this.received = []
  }
}

const translations = new Map()
const recentRequests = []
const connections = new Set()
let served = 0

/** What a service does beside its leak before the snapshot of that number, 0 to 2. */
function serve (stage) {
  // Nobody asks for the translations before the second snapshot.
  if (stage === 1) for (let key = 0; key < 400; key++) translations.set(`label.${key}`, `the text of label ${key} `.repeat(2).trim())
  require(LATE_MODULES[stage])
  for (let request = 0; request < 2000; request++) handle(served++)
  connections.clear()
  for (let number = 0; number < CONNECTIONS[stage]; number++) connections.add(new Connection(number))
}

function handle (number) {
  recentRequests.push(new RecentRequest(number))
  if (recentRequests.length > RECENT) recentRequests.shift()
  return JSON.stringify({ number, parts: `${number}`.split('').map(Number) })
}

module.exports = { serve }
