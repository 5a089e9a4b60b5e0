'use strict'

// How long requests took is kept in a Map by request; somebody meant a WeakMap.

const timings = new Map()

class ApiRequest {
  constructor (number) {
    this.url = `/api/${number}`
    this.headers = { host: 'api.example', cookie: `session=${number}` }
  }
}

module.exports = {
  holder: [/\btimings\b/, /object-keys\.js/],
  thing: /\bApiRequest\b/,
  count: 1,
  bytes: 330,
  calls: [1000, 16_000, 16_000],
  leak (index) { timings.set(new ApiRequest(index), [index, index + 5]) }
}
