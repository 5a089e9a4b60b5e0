'use strict'

// A plugin of Fastify notes each request when it comes, and forgets to remove it when it was answered.

const fastify = require('fastify')

const app = fastify()
const inFlight = new Map()

app.addHook('onRequest', async (request) => { inFlight.set(request.id, request) })
app.get('/', async () => 'welcome')

module.exports = {
  holder: [/\binFlight\b/, /fastify-in-flight\.js/],
  thing: /\bRequest\b/,
  count: 1,
  bytes: 9000,
  calls: [50, 800, 800],
  start: () => app.ready(),
  leak: () => app.inject('/')
}
