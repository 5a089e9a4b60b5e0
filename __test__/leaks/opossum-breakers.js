'use strict'

// A circuit breaker of opossum is made for each call, where there should be one for all: the two intervals of its
// statistics keep it.

const CircuitBreaker = require('opossum')

async function fetchStock (number) { return number }

module.exports = {
  holder: [/\bTimeouts?\b|\btimers?\b|\bsetInterval\b|\bintervals?\b/],
  thing: /\bCircuitBreaker\b|\bStatus\b/,
  count: 2,
  bytes: 3600,
  calls: [100, 1500, 1500],
  leak: (index) => new CircuitBreaker(fetchStock, { rollingCountTimeout: 600_000 }).fire(index)
}
