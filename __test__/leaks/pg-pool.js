'use strict'

// PostgreSQL hangs: the pool's one connection never becomes ready, and all queries wait in the pool.

const { Pool } = require('pg')
const { silentServer } = require('./support/silent')

let pool

async function loadOrder (number) {
  return await pool.query('SELECT * FROM orders WHERE id = $1', [number])
}

module.exports = {
  holder: [/\bPool\b|\bBoundPool\b|\bpool\b/, /\b_?pendingQueue\b|\bloadOrder\b/],
  thing: /\bPendingItem\b|\bloadOrder\b|\bPromise\b/,
  count: 1,
  bytes: 1300,
  calls: [500, 5000, 5000],
  async start () { pool = new Pool({ host: '127.0.0.1', port: await silentServer(), user: 'shop', database: 'shop', max: 1 }) },
  leak (index) { loadOrder(index) }
}
