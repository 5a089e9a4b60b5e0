'use strict'

// What is known of users is in a WeakMap, so that it goes when they go; but an array of the module keeps them all.

const users = []
const profiles = new WeakMap()

class User {
  constructor (number) { this.name = `user ${number}` }
}

module.exports = {
  holder: [/\busers\b/, /weakmap-keys\.js/],
  thing: /\bUser\b/,
  count: 1,
  bytes: 430,
  calls: [1000, 14_000, 14_000],
  leak (index) {
    const user = new User(index)
    users.push(user)
    profiles.set(user, { visits: Array.from({ length: 30 }, (_, day) => index / (day + 1)) })
  }
}
