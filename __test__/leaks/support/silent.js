'use strict'

// A server that takes connections and never says a word, as a database that hangs.

const net = require('node:net')
const { once } = require('node:events')

/** Its port. */
async function silentServer () {
  const server = net.createServer(() => {}).listen(0, '127.0.0.1').unref()
  await once(server, 'listening')
  return server.address().port
}

module.exports = { silentServer }
