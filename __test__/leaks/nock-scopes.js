'use strict'

// A sandbox answers with nock in the place of partners; what was prepared and is not asked for is never cleaned up.

const { default: nock } = require('nock')

module.exports = {
  holder: [/\ballInterceptors\b|\binterceptors\b/],
  thing: /\bInterceptor\b|\bScope\b/,
  count: 1,
  bytes: 5000,
  calls: [50, 900, 900],
  leak (index) { nock('http://partner.example').get(`/orders/${index}`).reply(200, { number: index }) }
}
