'use strict'

// The history of each gauge keeps all rows, where it was to keep the last hundred.

class GaugeHistory {
  #rows = []

  record (row) { this.#rows.push(row) }
}

const temperature = new GaugeHistory()

module.exports = {
  holder: [/\bGaugeHistory\b|\btemperature\b/, /#rows/],
  thing: /\bFloat64Array\b|\bArrayBuffer\b/,
  count: 1,
  bytes: 1000,
  calls: [1000, 6000, 6000],
  leak (index) { temperature.record(new Float64Array(100).fill(index)) }
}
