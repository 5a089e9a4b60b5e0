'use strict'

// MySQL hangs: connections never become ready, and all who ask for one wait in the pool's queue.

const mysql = require('mysql2')
const { silentServer } = require('./support/silent')

let pool

class StockQuery {
  constructor (number) {
    this.values = Array.from({ length: 30 }, (_, value) => value * number + 0.5)
    this.onConnection = this.onConnection.bind(this)
  }

  onConnection (error, connection) { this.result = error ?? connection.query('SELECT ?', this.values) }
}

module.exports = {
  holder: [/\bPool\b|\bpool\b/, /\b_?connectionQueue\b/],
  thing: /\bStockQuery\b|\bonConnection\b/,
  count: 1,
  bytes: 700,
  calls: [1000, 8000, 8000],
  async start () { pool = mysql.createPool({ host: '127.0.0.1', port: await silentServer(), connectionLimit: 1, connectTimeout: 600_000 }) },
  leak (index) { pool.getConnection(new StockQuery(index).onConnection) }
}
