'use strict'

// Mails are put into a linked queue faster than anybody takes them out.

class Entry {
  next = null
  constructor (mail) { this.mail = mail }
}

class MailQueue {
  head = null
  tail = null

  push (mail) {
    const entry = new Entry(mail)
    if (this.tail) this.tail.next = entry
    else this.head = entry
    this.tail = entry
  }
}

const outbox = new MailQueue()

module.exports = {
  holder: [/\bMailQueue\b|\boutbox\b/, /\bhead\b|\bMailQueue\b/],
  thing: /\bEntry\b|\{to, text\}/,
  count: 1,
  bytes: 180,
  calls: [2000, 30_000, 30_000],
  leak (index) { outbox.push({ to: `user${index}@shop.example`, text: `Your order number ${index} is on its way` }) }
}
