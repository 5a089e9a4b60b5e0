'use strict'

// Allocation-heavy work as services do it: parse requests, look things up, transform, render, serialize, tag and compress, keep
// some of the results for a while. A fixed amount of it: the same seed does the same work. It allocates more than a
// saturated Express or Fastify application does (bench/allocation-rate.js).

const { createHash } = require('node:crypto')
const zlib = require('node:zlib')
const { random } = require('./random')

const KEPT = 2000
const FIELDS = ['name', 'email', 'city', 'comment', 'status', 'reference']

class Workload {
  #next = random(11)
  #kept = new Array(KEPT)
  #requests = Array.from({ length: 64 }, (_, n) => request(n, this.#next))
  #checksum = 0

  /** Answers something that depends on all of the work, so that none of it can be left out. */
  run (rounds) {
    for (let round = 0; round < rounds; round++) {
      const body = this.#requests[round % this.#requests.length]
      const answer = middleware(12, body, handle)
      this.#kept[round % KEPT] = answer
      this.#checksum = (this.#checksum * 31 + answer.text.length + answer.packed) | 0
    }
    return this.#checksum
  }
}

/** A stack as frameworks have it. */
function middleware (depth, body, handler) {
  const context = { depth, started: depth * 2 }
  return depth === 0 ? handler(body) : { ...middleware(depth - 1, body, handler), context }
}

function handle (body) {
  const { items, user } = JSON.parse(body)
  const lines = items.filter(({ quantity }) => quantity > 1).map((item) => ({ ...item, total: item.quantity * item.price, owner: user.id }))
  const byStatus = new Map()
  for (const line of lines) {
    const group = byStatus.get(line.status) ?? []
    group.push(line)
    byStatus.set(line.status, group)
  }
  const groups = [...byStatus].map(([status, group]) => ({ status, count: group.length, total: group.reduce((sum, { total }) => sum + total, 0) }))
  const html = lines.map(({ name, city, comment, total }) => `<tr><td>${name}</td><td>${city}</td><td>${comment}</td><td>${total.toFixed(2)}</td></tr>`)
  const text = JSON.stringify({ user, groups, html: tree(html, 0, html.length) })
  const tag = createHash('sha256').update(text).digest('base64url')
  const packed = zlib.brotliCompressSync(text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } })
  return { groups, text, tag, packed: packed.length }
}

/** Recursion, as renderers and serializers have it. */
function tree (rows, from, to) {
  if (to - from < 3) return { rows: rows.slice(from, to) }
  const middle = (from + to) >> 1
  return { left: tree(rows, from, middle), right: tree(rows, middle, to) }
}

function request (n, next) {
  const items = Array.from({ length: 40 }, (_, at) => ({
    ...Object.fromEntries(FIELDS.map((field) => [field, `${field} ${Math.floor(next() * 1e6).toString(36)} ${n}`])),
    status: ['new', 'paid', 'sent', 'back'][Math.floor(next() * 4)],
    quantity: Math.ceil(next() * 5),
    price: next() * 100,
    at
  }))
  return JSON.stringify({ user: { id: n, name: `user ${n}`, roles: ['buyer', 'editor'] }, items })
}

module.exports = { Workload }
