'use strict'

// The handler in a server of node:http.
//
//   HEAPKIT_TOKEN=secret node examples/http-node.js
//   curl -X POST -H 'Authorization: Bearer secret' http://127.0.0.1:3000/debug/heapkit/snapshot

const http = require('node:http')
const { createHandler } = require('heapkit')

// node:http strips nothing from req.url, so the handler is told where it is.
const heapkit = createHandler({ token: process.env.HEAPKIT_TOKEN, prefix: '/debug/heapkit' })

const server = http.createServer((req, res) => {
  // What is not heapkit's goes on to the application.
  heapkit(req, res, () => res.end('Hello\n'))
})

server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/debug/heapkit/status`)
})
