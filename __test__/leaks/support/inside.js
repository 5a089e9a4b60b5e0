'use strict'

// Requests from within the process: an application's server, on a port of its own, and a client that asks it over connections that it keeps.

const http = require('node:http')
const { once } = require('node:events')

/** A function that asks for a path, and waits until all of the answer is there. */
function serveInside (handler) {
  const server = http.createServer(handler).listen(0, '127.0.0.1').unref()
  const listening = once(server, 'listening')
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  return async (path, headers) => {
    await listening
    const [response] = await once(http.get({ agent, port: server.address().port, path, headers }), 'response')
    await once(response.resume(), 'end')
  }
}

module.exports = { serveInside }
