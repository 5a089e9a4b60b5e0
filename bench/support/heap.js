'use strict'

// A heap as a service has it: records with strings, nested objects, arrays and dates in maps, indexes over them, a log, series of
// numbers, closures. Wide rather than deep: no long chain that would flatter or punish V8's walk. The same seed and number of units give
// the same heap.

const { random } = require('./random')

const CITIES = ['Berlin', 'Oslo', 'Lima', 'Kyoto', 'Accra', 'Quito', 'Turin', 'Perth']
const SYLLABLES = ['an', 'ber', 'co', 'den', 'el', 'fi', 'gra', 'ho', 'in', 'ka', 'lo', 'mer', 'no', 'os', 'pre', 'qui', 'ra', 'ster', 'ti', 'un', 'ver', 'wa', 'yo', 'zu']
const PATHS = ['/api/accounts', '/api/orders', '/api/search', '/health', '/static/app.js']
const METHODS = ['GET', 'GET', 'GET', 'POST', 'PUT']

// Text is made of words that come again, as people's text is; identifiers are random, as those of machines are.
const WORDS = vocabulary(3000)

class Account {
  constructor (id, next) {
    const [first, last] = [word(next), word(next)]
    this.id = uuid(next)
    this.name = flat(`${first} ${last}`)
    this.email = flat(`${first}.${last}${id % 97}@${word(next)}.example`)
    this.balance = next() * 1e6
    this.createdAt = new Date(1.6e12 + Math.floor(next() * 1e11))
    this.address = { street: flat(`${word(next)} street ${Math.floor(next() * 200)}`), city: CITIES[id % CITIES.length], zip: String(10000 + id % 90000) }
    this.tags = Array.from({ length: Math.floor(next() * 6) }, () => word(next))
    this.orders = Array.from({ length: Math.floor(next() * 5) }, (_, n) => ({
      id: `${id}-${n}`, total: next() * 500, paid: next() > 0.2, lines: [{ sku: flat(`${word(next)}-${Math.floor(next() * 1e4)}`), count: Math.ceil(next() * 9) }]
    }))
  }
}

class Heap {
  #next = random(42)
  accounts = new Map()
  byCity = new Map(CITIES.map((city) => [city, []]))
  emails = new Set()
  log = []
  series = []
  settings = {}
  listeners = []

  /** Adds `units` of about 25 KB each. */
  grow (units) {
    for (let unit = 0; unit < units; unit++) this.#growByOne(this.#next)
  }

  #growByOne (next) {
    for (let n = 0; n < 20; n++) {
      const account = new Account(this.accounts.size, next)
      this.accounts.set(account.id, account)
      this.byCity.get(account.address.city).push(account)
      this.emails.add(account.email)
      if (n % 5 === 0) this.listeners.push(() => account.balance)
    }
    for (let n = 0; n < 10; n++) this.log.push(logLine(next, this.log.length))
    this.series.push(Array.from({ length: 400 }, () => next()))
    this.settings[`${word(next)}.${this.series.length}`] = { enabled: next() > 0.5, limit: Math.floor(next() * 1e4), note: sentence(next, 6) }
  }
}

function logLine (next, at) {
  const n = Math.floor(next() * 5)
  return flat(`${new Date(1.6e12 + at * 137).toISOString()} info ${METHODS[n]} ${PATHS[n]}?q=${word(next)} 200 ` +
    `${Math.floor(next() * 900)} ms request=${uuid(next)} ${sentence(next, 4 + Math.floor(next() * 20))}`)
}

function sentence (next, words) {
  return flat(Array.from({ length: words }, () => word(next)).join(' '))
}

/** A string of its own each time, as a parser makes them. */
function word (next) {
  // Few words are common, most are rare.
  return flat(WORDS[Math.floor(next() ** 3 * WORDS.length)])
}

function uuid (next) {
  const hex = () => Math.floor(next() * 0x100000000).toString(16).padStart(8, '0')
  return flat(`${hex()}-${hex().slice(4)}-4${hex().slice(5)}-a${hex().slice(5)}-${hex()}${hex().slice(4)}`)
}

/** Concatenation makes ropes, which a parser or a socket would not have left behind. */
function flat (text) {
  return Buffer.from(text, 'latin1').toString('latin1')
}

function vocabulary (size) {
  const next = random(7)
  return Array.from({ length: size }, () =>
    Array.from({ length: 2 + Math.floor(next() * 3) }, () => SYLLABLES[Math.floor(next() * SYLLABLES.length)]).join(''))
}

/** How many units make a heap of `target` bytes; wants --expose-gc. */
function calibrate (heap, target) {
  let units = 0
  do {
    heap.grow(20)
    units += 20
    if (process.memoryUsage().heapUsed < target) continue
    global.gc()
  } while (process.memoryUsage().heapUsed < target)
  return units
}

module.exports = { calibrate, Heap }
