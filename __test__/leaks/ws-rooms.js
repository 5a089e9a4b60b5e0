'use strict'

// Clients of a chat are put into the set of their room, and stay there when their connection is closed.

const { once } = require('node:events')
const { WebSocket, WebSocketServer } = require('ws')

const rooms = new Map([['lobby', new Set()]])
let server

module.exports = {
  holder: [/\brooms\b/, /ws-rooms\.js/],
  thing: /\bWebSocket\b/,
  count: 1,
  bytes: 3400,
  calls: [50, 1000, 1000],
  async start () {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false })
    server.on('connection', (client) => rooms.get('lobby').add(client))
    await once(server, 'listening')
  },
  async leak () {
    const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`, { perMessageDeflate: false })
    await once(client, 'open')
    client.close()
    await once(client, 'close')
  }
}
