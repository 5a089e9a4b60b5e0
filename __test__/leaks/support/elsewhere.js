'use strict'

// A server in a thread of its own, whose ends of the connections are in no snapshot of this one.

const { once } = require('node:events')
const { Worker } = require('node:worker_threads')

const SOURCE = `
  const { parentPort } = require('node:worker_threads')
  const server = require('node:http').createServer((request, response) => response.end('{}'))
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`

/** Its address. */
async function serveElsewhere () {
  const worker = new Worker(SOURCE, { eval: true })
  const [port] = await once(worker, 'message')
  return `http://127.0.0.1:${port}`
}

module.exports = { serveElsewhere }
