'use strict'

// A knex with a pool of its own is made for each tenant, and destroyed for none.

const knex = require('knex')

const databases = new Map()

module.exports = {
  holder: [/\bdatabases\b/, /knex-tenants\.js/],
  thing: /\bknex\b|\bClient_PG\b|\bClient\b/,
  count: 1,
  bytes: 12_000,
  calls: [20, 300, 300],
  leak (index) { databases.set(index, knex({ client: 'pg', connection: { host: '127.0.0.1', database: `tenant${index}` } })) }
}
