'use strict'

// fetchUser() makes an Agent of undici for each call and never closes it, so that its socket stays open.

const http = require('node:http')
const { once } = require('node:events')
const { Agent, request } = require('undici')

const server = http.createServer((_, response) => response.end('{}'))
server.keepAliveTimeout = 0

async function fetchUser (number) {
  const dispatcher = new Agent({ keepAliveTimeout: 600_000 })
  const { body } = await request(`http://127.0.0.1:${server.address().port}/users/${number}`, { dispatcher })
  return await body.json()
}

module.exports = {
  holder: [/\bAgents?\b|\bfetchUser\b|\bundici\b/],
  thing: /\bSockets?\b|\bAgents?\b|\bClients?\b|\bPools?\b/,
  bytes: 30_000,
  calls: [20, 150, 150],
  async start () {
    server.listen(0, '127.0.0.1').unref()
    await once(server, 'listening')
  },
  leak: fetchUser
}
