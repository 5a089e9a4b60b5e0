'use strict'

// The handler in a Hono application on Node.js.
//
//   HEAPKIT_TOKEN=secret node examples/http-hono.js
//   curl -X POST -H 'Authorization: Bearer secret' 'http://127.0.0.1:3000/debug/heapkit/cpu?seconds=5'

const { Hono } = require('hono')
const { serve } = require('@hono/node-server')
const { RESPONSE_ALREADY_SENT } = require('@hono/node-server/utils/response')
const { createHandler } = require('heapkit')

const app = new Hono()
app.get('/', (c) => c.text('Hello\n'))

// Nothing strips the path from req.url, so the handler is told where it is.
const heapkit = createHandler({ token: process.env.HEAPKIT_TOKEN, prefix: '/debug/heapkit' })

// Before Hono, which answers HEAD by itself. What is not heapkit's is handed on before the handler returns.
function fetch (request, env) {
  let answer = RESPONSE_ALREADY_SENT
  heapkit(env.incoming, env.outgoing, () => { answer = app.fetch(request, env) })
  return answer
}

serve({ fetch, port: Number(process.env.PORT ?? 3000), hostname: '127.0.0.1' }, ({ port }) => {
  console.log(`http://127.0.0.1:${port}/debug/heapkit/status`)
})
