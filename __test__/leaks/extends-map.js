'use strict'

// A store of sessions that is a Map itself, and that nobody deletes from.

class SessionStore extends Map {
  open (id) { this.set(id, new UserSession(id)) }
}

class UserSession {
  constructor (id) {
    this.id = id
    this.visited = Array.from({ length: 30 }, (_, page) => ({ page, at: page * 1.5 }))
  }
}

const sessions = new SessionStore()

module.exports = {
  holder: [/\bSessionStore\b|\bsessions\b/],
  thing: /\bUserSession\b/,
  count: 1,
  bytes: 1700,
  calls: [500, 5000, 5000],
  leak (index) { sessions.open(`session-${index}`) }
}
