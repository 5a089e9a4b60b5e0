'use strict'

// A handler of Express adds a middleware to the application with each request, where it should have called one.

const express = require('express')
const { serveInside } = require('./support/inside')

const app = express()

class Audit {
  constructor (path) {
    this.path = path
    this.checks = Array.from({ length: 20 }, (_, check) => check + 0.5)
  }
}

app.get('/audit', (request, response) => {
  const audit = new Audit(request.path)
  app.use('/admin', function checkAudit (request, response, next) { next(audit.failed) })
  response.end('watched')
})
const request = serveInside(app)

module.exports = {
  holder: [/\bRouter\b|\brouter\b|\bapp\b/i, /\bstack\b/],
  thing: /\bLayer\b|\bcheckAudit\b|\bAudit\b/,
  count: 1,
  bytes: 1100,
  calls: [100, 2500, 2500],
  leak: () => request('/audit')
}
