'use strict'

// Each client of the ticker gets a stream that the ticker is piped into; when the client goes, nobody unpipes it.

const { PassThrough, Readable } = require('node:stream')

class PriceTicker extends Readable {
  _read () {}
}

const ticker = new PriceTicker().setMaxListeners(0)

module.exports = {
  holder: [/\bticker\b|\bPriceTicker\b/],
  thing: /\bPassThrough\b/,
  count: 1,
  bytes: 1850,
  calls: [200, 3000, 3000],
  leak () { ticker.pipe(new PassThrough()) }
}
