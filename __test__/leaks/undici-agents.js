'use strict'

// fetchUser() makes an Agent of undici for each call and never closes it, so that its socket stays open.

const { Agent, request } = require('undici')
const { serveElsewhere } = require('./support/elsewhere')

let partner

async function fetchUser (number) {
  const dispatcher = new Agent({ keepAliveTimeout: 600_000 })
  const { body } = await request(`${partner}/users/${number}`, { dispatcher })
  return await body.json()
}

module.exports = {
  holder: [/\bAgents?\b|\bfetchUser\b|\bundici\b/],
  thing: /\b[sS]ockets?\b|\bAgents?\b|\bClients?\b|\bPools?\b/,
  bytes: 15_000,
  calls: [20, 400, 400],
  async start () { partner = await serveElsewhere() },
  leak: fetchUser
}
