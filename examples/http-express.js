'use strict'

// The handler in an Express application.
//
//   HEAPKIT_TOKEN=secret node examples/http-express.js
//   curl -X POST -H 'Authorization: Bearer secret' 'http://127.0.0.1:3000/debug/heapkit/cpu?seconds=5'

const express = require('express')
const { createHandler } = require('heapkit')

const app = express()
// app.use() strips the path from req.url, so `prefix` is not needed.
app.use('/debug/heapkit', createHandler({ token: process.env.HEAPKIT_TOKEN }))
app.get('/', (_req, res) => res.send('Hello\n'))

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`http://127.0.0.1:${server.address().port}/debug/heapkit/status`)
})
