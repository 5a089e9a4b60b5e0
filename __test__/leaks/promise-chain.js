'use strict'

// Statements run one after another, each after the promise of the one before. The connection that the first waits for never comes.

const { EventEmitter, once } = require('node:events')

class Database extends EventEmitter {
  last = once(this, 'connected')

  run (statement) {
    this.last = this.last.then(() => statement.execute())
  }
}

class Statement {
  constructor (number) {
    this.sql = `UPDATE stock SET count = count - 1 WHERE product = ${number}`
    this.parameters = Array.from({ length: 20 }, (_, parameter) => parameter + 0.5)
  }

  execute () { return this.sql }
}

const database = new Database()

module.exports = {
  holder: [/\bDatabase\b|\bdatabase\b/],
  thing: /\bStatement\b/,
  count: 1,
  bytes: 900,
  calls: [1000, 8000, 8000],
  leak (index) { database.run(new Statement(index)) }
}
