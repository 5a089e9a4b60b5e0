'use strict'

// Mails go through a p-queue that somebody paused during an incident, and nobody started again.

const { default: PQueue } = require('p-queue')

const mails = new PQueue({ concurrency: 2, autoStart: false })

class Mail {
  constructor (number) {
    this.to = `customer-${number}@shop.example`
    this.lines = Array.from({ length: 40 }, (_, line) => line * number + 0.5)
  }

  async send () { return this.to }
}

module.exports = {
  holder: [/\bPQueue\b|\bPriorityQueue\b|\bmails\b/],
  thing: /\bMail\b|\{priority, id, run\b/,
  count: 1,
  bytes: 1700,
  calls: [500, 4000, 4000],
  leak (index) {
    const mail = new Mail(index)
    mails.add(() => mail.send())
  }
}
