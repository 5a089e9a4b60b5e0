'use strict'

// Messages wait as bound functions to be sent again, but nobody runs them.

const resend = []

class Message {
  constructor (number) {
    this.to = `user ${number}`
    this.body = Array.from({ length: 25 }, (_, part) => part * number + 0.5)
  }
}

function deliver (message) { return message.to }

module.exports = {
  holder: [/\bresend\b/, /bound-functions\.js/],
  thing: /\bMessage\b|\bdeliver\b/,
  count: 1,
  bytes: 730,
  calls: [1000, 9000, 9000],
  leak (index) { resend.push(deliver.bind(null, new Message(index))) }
}
