'use strict'

// The handler in a Koa application.
//
//   HEAPKIT_TOKEN=secret node examples/http-koa.js
//   curl -X POST -H 'Authorization: Bearer secret' 'http://127.0.0.1:3000/debug/heapkit/cpu?seconds=5'

const Koa = require('koa')
const { createHandler } = require('heapkit')

// Koa strips nothing from req.url, so the handler is told where it is.
const heapkit = createHandler({ token: process.env.HEAPKIT_TOKEN, prefix: '/debug/heapkit' })

const app = new Koa()
// Before parsers of bodies: the handler wants none parsed.
app.use((ctx, next) => {
  let rest
  // Heapkit answers, not Koa, unless it hands the request on, which it does before it returns.
  ctx.respond = false
  heapkit(ctx.req, ctx.res, () => {
    ctx.respond = true
    rest = next()
  })
  return rest
})
app.use((ctx) => { ctx.body = 'Hello\n' })

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}/debug/heapkit/status`)
})
