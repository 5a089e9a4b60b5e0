'use strict'

// Each request is measured with performance.mark(), and nobody clears the marks.

class RequestDetail {
  constructor (number) { this.rows = Array.from({ length: 20 }, (_, row) => row * number + 0.5) }
}

module.exports = {
  holder: [/\bmarkEntryBuffer\b|\bnode:internal\/perf\b/],
  thing: /\bPerformanceMark\b|\bRequestDetail\b/,
  count: 1,
  bytes: 900,
  calls: [1000, 8000, 8000],
  leak (index) { performance.mark(`request ${index}`, { detail: { parts: new RequestDetail(index) } }) }
}
