'use strict'

// Each request makes its schema of zod with an id: zod's global registry keeps it under that.

const { z } = require('zod')

module.exports = {
  holder: [/\b\$?ZodRegistry\b|\bglobalRegistry\b/, /\b_idmap\b|\$?ZodRegistry\b|\bglobalRegistry\b/],
  thing: /\bZodObject\b|\{[^}]*\b_zod\b/,
  count: 1,
  bytes: 5200,
  calls: [50, 1000, 1000],
  leak (index) { z.object({ number: z.number(), name: z.string() }).meta({ id: `Order${index}` }) }
}
