'use strict'

// A shop leaves express-session with its default store: each visitor without a cookie makes a session that MemoryStore never drops.

const express = require('express')
const session = require('express-session')
const { serveInside } = require('./support/inside')

const app = express()
app.use(session({ secret: 'shop', resave: false, saveUninitialized: true }))
app.get('/', (request, response) => {
  request.session.views = 1
  response.end('welcome')
})
const request = serveInside(app)

module.exports = {
  holder: [/\bMemoryStore\b/, /\bsessions\b/],
  thing: /string/,
  bytes: 400,
  calls: [500, 5000, 5000],
  leak: () => request('/')
}
