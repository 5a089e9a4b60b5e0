'use strict'

// Each request adds an interceptor to the one client of axios, to send its own id, and never ejects it.

const axios = require('axios')

const client = axios.create()

class RequestScope {
  constructor (number) {
    this.id = `request-${number}`
    this.headers = Array.from({ length: 30 }, (_, header) => header * number + 0.5)
  }
}

function clientFor (scope) {
  client.interceptors.request.use(function addRequestId (config) {
    config.headers['x-request-id'] = scope.id
    return config
  })
  return client
}

module.exports = {
  holder: [/\bInterceptorManager\b|\binterceptors\b/, /\bhandlers\b/],
  thing: /\bRequestScope\b|\baddRequestId\b|\{fulfilled, rejected/,
  count: 1,
  bytes: 840,
  calls: [1000, 8000, 8000],
  leak (index) { clientFor(new RequestScope(index)) }
}
