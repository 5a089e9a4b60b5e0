'use strict'

// A client remembers each failure, for a report at the end of the day: errors with their causes, and the answers that they carry.

class FetchFailed extends Error {
  name = 'FetchFailed'
}

class StockClient {
  failures = []

  fail (number) {
    const cause = Object.assign(new Error(`connect ECONNREFUSED 10.0.0.1:${number}`), { code: 'ECONNREFUSED', port: number })
    this.failures.push(new FetchFailed(`stock of product ${number} is not known`, { cause }))
  }
}

const client = new StockClient()

module.exports = {
  holder: [/\bStockClient\b|\bclient\b/, /\bfailures\b/],
  thing: /\bFetchFailed\b|\bError\b/,
  count: 1,
  bytes: 1400,
  calls: [500, 5000, 5000],
  leak (index) { client.fail(index) }
}
