'use strict'

// Each auction gets a namespace of socket.io, which stays when the auction is over.

const { createServer } = require('node:http')
const { Server } = require('socket.io')

const io = new Server(createServer())

module.exports = {
  holder: [/\b_nsps\b|\bServer\b|\bio\b/],
  thing: /\bNamespace\b/,
  count: 1,
  bytes: 1600,
  calls: [200, 3500, 3500],
  leak (index) { io.of(`/auctions/${index}`).on('connection', (socket) => socket.emit('bid', index)) }
}
