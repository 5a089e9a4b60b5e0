'use strict'

// Sessions are registered in a FinalizationRegistry with a held value that has them, so none can ever be collected.

const leases = new FinalizationRegistry(({ session }) => session.end())

class Session {
  constructor (number) {
    this.token = `token-${number}`
    this.history = Array.from({ length: 60 }, (_, step) => number + step / 3)
  }

  end () { this.history.length = 0 }
}

module.exports = {
  holder: [/\bleases\b|\bFinalizationRegistry\b/],
  thing: /\bSession\b/,
  count: 1,
  bytes: 730,
  calls: [500, 10_000, 10_000],
  leak (index) {
    const session = new Session(index)
    leases.register(session, { session, at: index })
  }
}
