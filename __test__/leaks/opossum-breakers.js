'use strict'

// A circuit breaker of opossum is made for each call, where there should be one for all: the interval of its statistics keeps it.

const CircuitBreaker = require('opossum')

async function fetchStock (number) { return number }

module.exports = {
  holder: [/\bTimeouts?\b|\btimers?\b|\bsetInterval\b|\bintervals?\b/],
  thing: /\bCircuitBreaker\b|\bStatus\b/,
  count: 1,
  bytes: 9500,
  calls: [50, 600, 600],
  leak: (index) => new CircuitBreaker(fetchStock, { rollingCountTimeout: 600_000 }).fire(index)
}
