'use strict'

// npm run bench: every part, one after another, in one run.
//
//   node bench [--pairs N] [--sizes 50,200] [--rounds N] [--json]

const { parseArgs } = require('node:util')
const { start } = require('./support/output')

const PARTS = ['./snapshot', './sink', './sampling'].map((part) => require(part))

const OPTIONS = {
  pairs: { type: 'string' },
  sizes: { type: 'string' },
  rounds: { type: 'string' },
  json: { type: 'boolean' }
}

async function run (values, note) {
  const result = { tables: [], claims: [], data: {} }
  for (const part of PARTS) {
    const own = Object.fromEntries(Object.entries(part.OPTIONS).map(([name, option]) => [name, values[name] ?? option.default]))
    const { tables, claims, data } = await part.run(own, note)
    result.tables.push(...tables)
    result.claims.push(...claims)
    Object.assign(result.data, data)
  }
  return result
}

start(run, parseArgs({ options: OPTIONS }).values)
