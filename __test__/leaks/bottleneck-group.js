'use strict'

// Each address gets a limiter from a Group of Bottleneck, whose timeout was set to a month.

const Bottleneck = require('bottleneck')

const byAddress = new Bottleneck.Group({ maxConcurrent: 1, timeout: 2_000_000_000 })

module.exports = {
  holder: [/\bGroup\b|\bbyAddress\b/, /\binstances\b/],
  thing: /\bBottleneck\b/,
  count: 1,
  bytes: 8500,
  calls: [50, 700, 700],
  leak (index) { byAddress.key(`10.0.${index >> 8}.${index & 255}`) }
}
