'use strict'

// Each download listens to the one signal that stops the service, and does not stop listening when it is done.

const shutdown = new AbortController()
require('node:events').setMaxListeners(0, shutdown.signal)

class Download {
  constructor (number) {
    this.url = `https://files.example/${number}`
    this.parts = Array.from({ length: 40 }, (_, part) => part + 0.5)
    shutdown.signal.addEventListener('abort', () => this.cancel())
  }

  cancel () { this.parts.length = 0 }
}

module.exports = {
  holder: [/\bshutdown\b|\bAbortSignal\b/, /\babort\b/],
  thing: /\bDownload\b/,
  count: 1,
  bytes: 1000,
  calls: [1000, 8000, 8000],
  leak (index) { return new Download(index) }
}
