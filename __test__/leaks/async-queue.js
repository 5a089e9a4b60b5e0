'use strict'

// One mail hangs: the worker of async's queue never calls back, and all others wait behind it.

const async = require('async')

const mailQueue = async.queue((mail, done) => {}, 1)

class Mail {
  constructor (number) {
    this.to = `user${number}@shop.example`
    this.parts = Array.from({ length: 20 }, (_, part) => part * number + 0.5)
  }
}

module.exports = {
  holder: [/\bmailQueue\b|\bDLL\b|\b_tasks\b/],
  thing: /\bMail\b|\{data, callback/,
  count: 1,
  bytes: 460,
  calls: [1000, 12_000, 12_000],
  leak (index) { mailQueue.push(new Mail(index), () => {}) }
}
