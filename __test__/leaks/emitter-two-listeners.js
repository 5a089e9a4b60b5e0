'use strict'

// Each request listens twice to one emitter of the application, and never stops listening.

const { EventEmitter } = require('node:events')

const orders = new EventEmitter().setMaxListeners(0)

class Request {
  constructor (number) {
    this.path = `/orders/${number}`
    this.body = Buffer.alloc(0)
    this.headers = { host: 'shop.example', cookie: `session=${number}`, 'user-agent': `client ${number}` }
    this.onPaid = () => { this.status = 'paid' }
    this.onCancelled = () => { this.status = 'cancelled' }
  }
}

module.exports = {
  holder: [/\borders\b|\bEventEmitter\b/, /\bpaid\b|\bcancelled\b/],
  thing: /\bRequest\b/,
  count: 1,
  bytes: 1000,
  calls: [500, 5000, 5000],
  leak (index) {
    const request = new Request(index)
    orders.on('paid', request.onPaid)
    orders.on('cancelled', request.onCancelled)
  }
}
