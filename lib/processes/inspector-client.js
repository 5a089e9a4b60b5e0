'use strict'

// Commands and events of the Chrome DevTools protocol over a connection to another process's inspector.

const { ProcessError } = require('./process-error')

class InspectorClient {
  #connection
  #lastId = 0
  /** What is to become of the answers, by number. */
  #waiting = new Map()
  #listeners = new Map()
  #isClosed = false
  /** Called when the connection ends, whoever ended it. */
  onClose = () => {}

  constructor (connection) {
    this.#connection = connection
    connection.onMessage = (message) => this.#received(JSON.parse(message))
    connection.onClose = () => this.#ended()
  }

  get isClosed () { return this.#isClosed }

  /** Sends a command; the answer is waited for no longer than `timeoutMs`, where that is given. */
  post (method, params = {}, { timeoutMs } = {}) {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(ended(method))
      const id = ++this.#lastId
      const timer = timeoutMs && setTimeout(() => {
        this.#waiting.delete(id)
        reject(new ProcessError(`it does not answer ${method} within ${timeoutMs} ms`, { isTimeout: true }))
      }, timeoutMs)
      this.#waiting.set(id, { method, resolve, reject, timer })
      this.#connection.send(JSON.stringify({ id, method, params }))
    })
  }

  on (method, listener) { this.#listeners.set(method, listener) }

  /** Nothing more is answered: the connection does not keep this process alive until the other one lets go of it. */
  close () {
    this.#connection.close()
    this.#ended()
  }

  #received ({ id, method, params, result, error }) {
    if (id === undefined) return this.#listeners.get(method)?.(params)
    const { resolve, reject, timer } = this.#waiting.get(id) ?? {}
    if (resolve === undefined) return
    this.#waiting.delete(id)
    clearTimeout(timer)
    if (error) reject(new ProcessError(`its V8 refused: ${error.message}`))
    else resolve(result)
  }

  #ended () {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const { method, reject, timer } of this.#waiting.values()) {
      clearTimeout(timer)
      reject(ended(method))
    }
    this.#waiting.clear()
    this.onClose()
  }
}

function ended (method) {
  return new ProcessError(`the connection ended before it answered ${method}`, { isEnd: true })
}

module.exports = { InspectorClient }
