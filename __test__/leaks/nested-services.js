'use strict'

// An application whose parts are plain objects in one another: what is looked up is remembered in one of them.

const app = { services: { users: { remembered: {} }, mail: {} } }

function lookUp (id) {
  app.services.users.remembered[`user:${id}`] = { id, name: `user ${id}`, roles: Array.from({ length: 60 }, (_, role) => role + 0.5) }
}

module.exports = {
  holder: [/\bapp\b/, /\bservices\.users\.remembered\b/],
  thing: /id, name, roles/,
  count: 1,
  bytes: 800,
  calls: [500, 6000, 6000],
  leak (index) { lookUp(index) }
}
