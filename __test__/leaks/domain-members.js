'use strict'

// Jobs are added to a domain that lasts as long as the service, and never removed from it.

const domain = require('node:domain')
const { EventEmitter } = require('node:events')

const supervisor = domain.create()

class PrintJob extends EventEmitter {
  constructor (number) {
    super()
    this.pages = Array.from({ length: 25 }, (_, page) => page * number + 0.5)
  }
}

module.exports = {
  holder: [/\bDomain\b|\bsupervisor\b/, /\bmembers\b/],
  thing: /\bPrintJob\b/,
  count: 1,
  bytes: 800,
  calls: [1000, 8000, 8000],
  leak (index) { supervisor.add(new PrintJob(index)) }
}
