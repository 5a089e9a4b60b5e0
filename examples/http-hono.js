'use strict'

// The handler in a Hono application on Node.js.
//
//   HEAPKIT_TOKEN=secret node examples/http-hono.js
//   curl -X POST -H 'Authorization: Bearer secret' 'http://127.0.0.1:3000/debug/heapkit/cpu?seconds=5'

const { Hono } = require('hono')
const { serve } = require('@hono/node-server')
const { RESPONSE_ALREADY_SENT } = require('@hono/node-server/utils/response')
const { createHandler } = require('heapkit')

// Hono strips nothing from req.url, so the handler is told where it is.
const heapkit = createHandler({ token: process.env.HEAPKIT_TOKEN, prefix: '/debug/heapkit' })

const app = new Hono()
// Before middleware that changes answers (compress, etag): heapkit's do not pass through Hono.
app.all('/debug/heapkit/*', (c) => {
  heapkit(c.env.incoming, c.env.outgoing)
  return RESPONSE_ALREADY_SENT
})
app.get('/', (c) => c.text('Hello\n'))

serve({ fetch: app.fetch, port: Number(process.env.PORT ?? 3000), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}/debug/heapkit/status`)
})
