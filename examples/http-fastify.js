'use strict'

// The handler in a Fastify application.
//
//   HEAPKIT_TOKEN=secret node examples/http-fastify.js
//   curl -X POST -H 'Authorization: Bearer secret' 'http://127.0.0.1:3000/debug/heapkit/sampling?seconds=5'

const fastify = require('fastify')()
const { createHandler } = require('heapkit')

const heapkit = createHandler({ token: process.env.HEAPKIT_TOKEN, prefix: '/debug/heapkit' })

// In a context of its own, so that the rest of the application goes on parsing bodies: the handler wants none parsed.
fastify.register(async (scope) => {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_req, _body, done) => done(null))
  scope.all('/debug/heapkit/*', (req, reply) => {
    // From here on heapkit answers, not Fastify.
    reply.hijack()
    heapkit(req.raw, reply.raw)
  })
})
fastify.get('/', async () => 'Hello\n')

fastify.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' }).then((address) => {
  console.log(`${address}/debug/heapkit/status`)
})
