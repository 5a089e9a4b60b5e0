'use strict'

// Who connects to a room is never taken off its list when the connection has ended.

const net = require('node:net')

class ChatRoom {
  members = new Set()

  join (socket) { this.members.add(socket) }
}

const lobby = new ChatRoom()

module.exports = {
  holder: [/\bChatRoom\b|\blobby\b/, /\bmembers\b/],
  thing: /\bSocket\b/,
  count: 1,
  bytes: 750,
  calls: [500, 3000, 3000],
  leak () { lobby.join(new net.Socket()) }
}
