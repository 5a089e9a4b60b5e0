'use strict'

// A timer of a day ends each login; logging out does not clear it.

const DAY = 86_400_000

class Login {
  constructor (number) {
    this.user = `user ${number}`
    this.rights = Array.from({ length: 30 }, (_, right) => right * number + 0.5)
  }
}

function expireLogin (login) { login.expired = true }

module.exports = {
  holder: [/\bexpireLogin\b/],
  thing: /\bLogin\b|\bTimeouts?\b/,
  count: 1,
  bytes: 900,
  calls: [1000, 8000, 8000],
  leak (index) { setTimeout(expireLogin, DAY, new Login(index)) }
}
