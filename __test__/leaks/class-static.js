'use strict'

// Every connection puts itself into a static set of its class, and nobody takes it out when it ends.

class TcpSession {
  static open = new Set()

  constructor (number) {
    this.peer = `10.0.${number % 256}.7:${number}`
    this.received = Array.from({ length: 25 }, (_, frame) => frame + 0.5)
    TcpSession.open.add(this)
  }
}

module.exports = {
  holder: [/\bTcpSession(\(\))?\.open\b/],
  thing: /\bTcpSession\b(?!\(?\)?\.)/,
  count: 1,
  bytes: 680,
  calls: [1000, 10_000, 10_000],
  leak (index) { return new TcpSession(index) }
}
