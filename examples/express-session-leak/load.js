'use strict'

// Load on the shop, by autocannon, with every answer's latency kept: what a client sees while something is captured.

const { performance } = require('node:perf_hooks')
const autocannon = require('autocannon')

const REQUESTS = [
  { path: '/' },
  { path: '/search?q=red+kettle' },
  { path: '/products/42' },
  { path: '/products/310' },
  { path: '/cart', method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ id: 7, count: 2 }) }
]
// Somebody who waits for an answer waits for all of it: a capture must not make requests disappear from the figures.
const TIMEOUT_SECONDS = 60

class Load {
  #instance
  #done
  #answers = []

  /** Clients ask at a steady rate that the service can bear; what a capture delays shows as latency. */
  constructor (url, { connections, rate, seconds }) {
    this.#done = new Promise((resolve, reject) => {
      this.#instance = autocannon({
        url, connections, overallRate: rate, duration: seconds, timeout: TIMEOUT_SECONDS, requests: REQUESTS
      }, (error, result) => error ? reject(error) : resolve(result))
    })
    this.#done.catch(() => {})
    this.#instance.on('response', (_client, _status, _bytes, ms) => {
      this.#answers.push({ end: performance.now(), ms })
    })
  }

  get answered () { return this.#answers.length }

  /** The longest wait for an answer, of the requests that were under way at any time from `from` to `to`. */
  worst (from, to) {
    const waits = this.#answers.filter(({ end, ms }) => end >= from && end - ms <= to).map(({ ms }) => ms)
    return waits.length ? waits.reduce((a, b) => Math.max(a, b)) : NaN
  }

  /** Ends the load and answers { requests, failed }. */
  async stop () {
    this.#instance.stop()
    const { errors, non2xx } = await this.#done
    return { requests: this.answered, failed: errors + non2xx }
  }
}

module.exports = { Load }
