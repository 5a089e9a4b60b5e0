'use strict'

// Every pool of connections wants to be closed when the process ends, and stays a listener of the process when it is closed before.

class ConnectionPool {
  constructor (number) {
    this.host = `db-${number % 5}.internal`
    this.idle = Array.from({ length: 40 }, (_, connection) => connection * number + 0.5)
    process.once('beforeExit', () => this.close())
  }

  close () { this.idle.length = 0 }
}

module.exports = {
  holder: [/\bprocess\b/, /\bbeforeExit\b/],
  thing: /\bConnectionPool\b|process-listeners\.js/,
  count: 1,
  bytes: 1200,
  calls: [500, 4000, 4000],
  start () { process.setMaxListeners(0) },
  leak (index) { return new ConnectionPool(index) }
}
