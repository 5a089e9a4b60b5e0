'use strict'

// A small shop with a leak that many real services have had: express-session with its default MemoryStore. Every request
// without a cookie (a health check, a crawler, a client that keeps none) makes a session, and the store never drops one.
//
//   HEAPKIT_TOKEN=secret PORT=3000 node examples/express-session-leak/app.js
//   curl -X POST -H 'Authorization: Bearer secret' http://127.0.0.1:3000/debug/heapkit/snapshot

const express = require('express')
const session = require('express-session')
const { createHandler } = require('heapkit')
const { products, search, related } = require('./shop')

function createApp ({ token }) {
  const app = express()
  app.disable('x-powered-by')

  // Before the session, so that looking at the leak does not add to it.
  app.use('/debug/heapkit', createHandler({ token }))

  // `saveUninitialized` is what makes the leak fast: sessions are kept that nobody will ever come back to.
  app.use(session({ secret: 'shop', resave: false, saveUninitialized: true }))
  app.use((req, _res, next) => {
    const { session } = req
    session.startedAt ??= Date.now()
    session.userAgent ??= req.headers['user-agent'] ?? 'unknown'
    session.seen = [...(session.seen ?? []), { url: req.originalUrl, at: Date.now() }].slice(-20)
    next()
  })

  app.get('/', (_req, res) => {
    const rows = products.slice(0, 40).map(({ id, name, price }) => `<li><a href="/products/${id}">${name}</a> ${price.toFixed(2)} €</li>`)
    res.type('html').send(`<!doctype html><title>Shop</title><ul>${rows.join('\n')}</ul>`)
  })

  app.get('/search', (req, res) => {
    const query = String(req.query.q ?? '')
    res.json({ query, hits: search(query) })
  })

  app.get('/products/:id', (req, res) => {
    const product = products[Number(req.params.id)]
    if (!product) return res.status(404).json({ error: 'no such product' })
    res.json({ ...product, related: related(product) })
  })

  app.post('/cart', express.json(), (req, res) => {
    const { id, count = 1 } = req.body
    const product = products[id]
    if (!product) return res.status(400).json({ error: 'no such product' })
    req.session.cart = [...(req.session.cart ?? []), { id, name: product.name, count, price: product.price }]
    res.json({ total: req.session.cart.reduce((sum, { price, count }) => sum + price * count, 0) })
  })

  return app
}

function start () {
  const server = createApp({ token: process.env.HEAPKIT_TOKEN }).listen(Number(process.env.PORT ?? 0), '127.0.0.1', (error) => {
    if (error) throw error
    const { port } = server.address()
    if (!process.send) return console.log(`The shop is open at http://127.0.0.1:${port}/`)
    // Started by demo.js: tell it where, and do not outlive it.
    process.send({ port })
    process.once('disconnect', () => process.exit())
  })
}

if (require.main === module) start()

module.exports = { createApp }
