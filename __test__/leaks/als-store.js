'use strict'

// Each request runs in a context of its own by AsyncLocalStorage, and sets a timer for tomorrow: the timer keeps the context.

const { AsyncLocalStorage } = require('node:async_hooks')

const currentRequest = new AsyncLocalStorage()

class RequestContext {
  constructor (number) {
    this.trace = `trace-${number}`
    this.queries = Array.from({ length: 30 }, (_, query) => query * number + 0.25)
  }
}

function sendReminder () {
  currentRequest.getStore().sent = true
}

module.exports = {
  holder: [/\bAsyncLocalStorage\b|\bcurrentRequest\b|\bTimeouts?\b|\bsendReminder\b/],
  thing: /\bRequestContext\b/,
  count: 1,
  bytes: 1000,
  calls: [1000, 8000, 8000],
  leak (index) { currentRequest.run(new RequestContext(index), () => setTimeout(sendReminder, 86_400_000)) }
}
