'use strict'

// Each request compiles its schema anew, as an object of its own: Ajv keeps all of them.

const Ajv = require('ajv')

const ajv = new Ajv()

module.exports = {
  holder: [/\bAjv\b|\bajv\b/, /\b_cache\b|\b_compilations\b|\bcache\b/],
  thing: /\bSchemaEnv\b/,
  count: 1,
  bytes: 4400,
  calls: [100, 1100, 1100],
  leak (index) { ajv.compile({ type: 'object', properties: { number: { const: index }, name: { type: 'string', minLength: 2 } }, required: ['number'] }) }
}
