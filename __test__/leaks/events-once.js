'use strict'

// A handler waits with events.once() for an event that nobody emits any more. All that it has in hand waits with it: the response first of all.

const { EventEmitter, once } = require('node:events')
const { IncomingMessage, ServerResponse } = require('node:http')

const exporter = new EventEmitter().setMaxListeners(0)

async function handleExport (request, response) {
  response.setHeader('content-type', 'text/csv')
  await once(exporter, 'flushed')
  response.end()
}

module.exports = {
  holder: [/\bexporter\b|\bhandleExport\b|\bEventEmitter\b/, /\bflushed\b|\bhandleExport\b/],
  thing: /\bServerResponse\b/,
  count: 1,
  bytes: 3000,
  calls: [200, 2000, 2000],
  leak () {
    const request = new IncomingMessage(null)
    handleExport(request, new ServerResponse(request))
  }
}
