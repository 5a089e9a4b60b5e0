'use strict'

// Clients that go away: whatever they asked for, whoever serves, and however they leave, their capture ends, and others can begin.

const assert = require('node:assert/strict')
const http = require('node:http')
const http2 = require('node:http2')
const https = require('node:https')
const net = require('node:net')
const path = require('node:path')
const tls = require('node:tls')
const { once } = require('node:events')
const { test, describe } = require('node:test')
const compression = require('compression')
const express4 = require('express4')
const express5 = require('express')
const fastify = require('fastify')
const { getRequestListener } = require('@hono/node-server')
const { RESPONSE_ALREADY_SENT } = require('@hono/node-server/utils/response')
const Koa = require('koa')
const { posix } = require('./needs')
const { tmpDir, ls, until } = require('./support')
const { createHandler } = require('..')
const { TOKEN, serve, nextEvent } = require('./http-support')

// Compresses so hard that a snapshot cannot be complete before the closed connection is seen.
const SLOW = { compression: 'zstd', level: 15 }

const CAPTURES = ['/snapshot', '/snapshot?download=1', '/cpu?seconds=60', '/sampling?seconds=60', '/timeline?seconds=60']

// Keys that both sides know stand in for certificates.
const PSK = { psk: Buffer.alloc(32, 7), identity: 'test' }
const TLS = { ciphers: 'PSK', maxVersion: 'TLSv1.2' }

/** Serves until the test ends; answers where. */
async function open (t, server, where = { port: 0, host: '127.0.0.1' }) {
  const connections = new Set()
  server.on('connection', (socket) => connections.add(socket.on('close', () => connections.delete(socket))))
  server.listen(where)
  await once(server, 'listening')
  t.after(() => {
    for (const socket of connections) socket.destroy()
    server.close()
  })
  return where.path ? where : { port: server.address().port, host: '127.0.0.1' }
}

async function plain (t, listener) {
  const where = await open(t, http.createServer(listener))
  return () => net.connect(where)
}

/** Each serves the handler its own way, and answers how to connect to it. */
const SERVERS = {
  'node:http': (t, handler) => plain(t, handler),
  'node:https': async (t, handler) => {
    const where = await open(t, https.createServer({ ...TLS, pskCallback: () => PSK.psk }, handler))
    return () => tls.connect({ ...where, ...TLS, pskCallback: () => PSK, checkServerIdentity: () => undefined })
  },
  'a Unix socket': async (t, handler) => {
    const where = await open(t, http.createServer(handler), { path: path.join(tmpDir(t), 'socket') })
    return () => net.connect(where)
  },
  'Express 4': (t, handler) => plain(t, express4().use(express4.json(), handler)),
  'Express 5': (t, handler) => plain(t, express5().use(express5.json(), handler)),
  'Express 5 with compression': (t, handler) => plain(t, express5().use(compression({ threshold: 0 }), handler)),
  Fastify: async (t, handler) => {
    const app = fastify({ forceCloseConnections: true })
    app.all('/*', (request, reply) => {
      reply.hijack()
      handler(request.raw, reply.raw)
    })
    t.after(() => app.close())
    await app.listen({ port: 0, host: '127.0.0.1' })
    return () => net.connect(app.server.address().port, '127.0.0.1')
  },
  Koa: (t, handler) => plain(t, new Koa().use((ctx) => {
    ctx.respond = false
    handler(ctx.req, ctx.res)
  }).callback()),
  Hono: (t, handler) => plain(t, getRequestListener((_request, env) => {
    handler(env.incoming, env.outgoing)
    return RESPONSE_ALREADY_SENT
  }))
}

const HEADERS = `Host: heapkit\r\nAuthorization: Bearer ${TOKEN}\r\nAccept-Encoding: gzip\r\n\r\n`
const post = (target) => `POST ${target} HTTP/1.1\r\n${HEADERS}`
const STATUS = `GET /status HTTP/1.1\r\n${HEADERS}`

/** What is sent, and how the client leaves. */
const WAYS = {
  'closes the connection': { send: (target) => post(target), leave: (socket) => socket.destroy() },
  'resets the connection': { send: (target) => post(target), leave: (socket) => socket.resetAndDestroy() },
  'ends its half of the connection, and goes on listening': { send: (target) => post(target), leave: (socket) => socket.end() },
  'closes a connection that has had answers before': { send: (target) => STATUS + post(target), leave: (socket) => socket.destroy() },
  'closes a connection that has more requests waiting': { send: (target) => post(target) + STATUS + STATUS, leave: (socket) => socket.destroy() },
  'closes a connection in the middle of the headers of its next request': { send: (target) => post(target) + 'GET /status HT', leave: (socket) => socket.destroy() }
}

/** Runs `ask`, and `leave` when its capture has begun: it was given up, nothing is left of it, and the next one works. */
async function assertGivenUp (t, dir, ask, leave) {
  const control = await serve(t)
  const started = nextEvent('start')
  const failed = nextEvent('error')
  ask()
  const { id } = await started
  leave()
  const { id: failedId, error } = await failed
  assert.equal(failedId, id)
  assert.equal(error.code, 'HEAPKIT_ERR_ABORTED')
  await until(async () => (await control.request('GET', '/status')).json().capture === null, 'the end of the capture')
  await until(() => ls(dir).length === 0, 'an empty directory')
  assert.equal((await control.request('POST', '/cpu?seconds=0.01')).status, 201)
}

async function assertLeaves (t, serveBy, target, { send, leave }) {
  const dir = tmpDir(t)
  const connect = await serveBy(t, createHandler({ token: TOKEN, dir, ...SLOW }))
  const socket = connect().on('error', () => {})
  t.after(() => socket.destroy())
  socket.resume()
  await assertGivenUp(t, dir, () => socket.write(send(target)), () => leave(socket))
}

for (const [server, serveBy] of Object.entries(SERVERS)) {
  describe(`behind ${server}`, { skip: server === 'a Unix socket' && posix('a socket in a directory') }, () => {
    for (const target of CAPTURES) {
      test(`POST ${target} ends when its client closes the connection`, (t) => assertLeaves(t, serveBy, target, WAYS['closes the connection']))
    }
  })
}

for (const [way, how] of Object.entries(WAYS)) {
  describe(`a client that ${way}`, () => {
    for (const target of CAPTURES) test(`ends its POST ${target}`, (t) => assertLeaves(t, SERVERS['node:http'], target, how))
  })
}

describe('over HTTP/2', () => {
  for (const [way, leave] of [
    ['cancels its request, and keeps the connection', (stream) => stream.close(http2.constants.NGHTTP2_CANCEL)],
    ['resets its request without an error', (stream) => stream.close(http2.constants.NGHTTP2_NO_ERROR)],
    ['ends the connection', (_stream, session) => session.destroy()]
  ]) {
    for (const target of CAPTURES) {
      test(`a client that ${way} ends its POST ${target}`, async (t) => {
        const dir = tmpDir(t)
        const { port } = await open(t, http2.createServer(createHandler({ token: TOKEN, dir, ...SLOW })))
        const session = http2.connect(`http://127.0.0.1:${port}`).on('error', () => {})
        t.after(() => session.destroy())
        let stream
        await assertGivenUp(t, dir, () => {
          stream = session.request({ ':method': 'POST', ':path': target, authorization: `Bearer ${TOKEN}` }).on('error', () => {}).resume()
        }, () => leave(stream, session))
      })
    }
  }

  test('a client that cancels while authorize thinks starts nothing that lasts', async (t) => {
    const dir = tmpDir(t)
    let answer
    const asked = new Promise((resolve) => {
      const handler = createHandler({ authorize: () => new Promise((...settle) => { [answer] = settle; resolve() }), dir })
      open(t, http2.createServer(handler)).then(({ port }) => {
        const session = http2.connect(`http://127.0.0.1:${port}`)
        t.after(() => session.destroy())
        const stream = session.request({ ':method': 'POST', ':path': '/cpu?seconds=60' }).on('error', () => {}).resume()
        asked.then(() => stream.close(http2.constants.NGHTTP2_CANCEL))
      })
    })
    await asked
    const failed = nextEvent('error')
    const control = await serve(t)
    // Its end has arrived when another connection was served after it, twice.
    for (let turn = 0; turn < 2; turn++) await control.request('GET', '/status')
    answer(true)
    assert.equal((await failed).error.code, 'HEAPKIT_ERR_ABORTED')
    await until(async () => (await control.request('GET', '/status')).json().capture === null, 'the end of the capture')
  })
})

test('reading a sampling session ends with its client, and keeps what was collected', async (t) => {
  const { request } = await serve(t)
  assert.equal((await request('POST', '/sampling/start')).status, 201)
  for (const target of ['/sampling/capture', '/sampling/stop']) {
    const failed = nextEvent('error')
    const handler = createHandler({ authorize: async (req) => { const gone = once(req.socket, 'close'); req.socket.destroy(); await gone; return true }, dir: tmpDir(t) })
    const connect = await plain(t, handler)
    const socket = connect().on('error', () => {})
    socket.write(post(target))
    assert.equal((await failed).error.code, 'HEAPKIT_ERR_ABORTED')
  }
  assert.equal((await request('POST', '/sampling/stop')).status, 201)
})

test('a client that never ends its headers starts nothing', async (t) => {
  const { port, request, dir } = await serve(t)
  const socket = net.connect(port, '127.0.0.1')
  socket.write(post('/cpu?seconds=60').slice(0, -2))
  await request('GET', '/status')
  assert.equal((await request('GET', '/status')).json().capture, null)
  socket.destroy()
  assert.deepEqual(ls(dir), [])
})
