'use strict'

// A middleware of Koa keeps each context in the history of the application, for a page that shows the last ten.

const Koa = require('koa')
const { serveInside } = require('./support/inside')

const app = new Koa()
app.context.history = []
app.use((ctx) => {
  ctx.history.push(ctx)
  ctx.body = `visit ${ctx.history.length}`
})
const request = serveInside(app.callback())

module.exports = {
  holder: [/\bhistory\b/],
  thing: /\bctx\b|\{[^}]*\breq(uest)?\b/,
  count: 1,
  bytes: 5500,
  calls: [50, 1000, 1000],
  leak: () => request('/')
}
