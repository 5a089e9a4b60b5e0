'use strict'

// The main flows where people mount the handler: node:http, Express (behind a body parser), and the raw objects of Fastify, Koa and Hono.

const assert = require('node:assert/strict')
const http = require('node:http')
const { test, describe } = require('node:test')
const zlib = require('node:zlib')
const express = require('express')
const express4 = require('express4')
const fastify = require('fastify')
const { serve: serveHono } = require('@hono/node-server')
const { RESPONSE_ALREADY_SENT } = require('@hono/node-server/utils/response')
const { Hono } = require('hono')
const Koa = require('koa')
const { run, tmpDir, ls, until, readArtifact, parseSnapshot } = require('./support')
const { createHandler } = require('..')
const { TOKEN, listen, client, nextEvent } = require('./http-support')

const BASE = '/debug/heapkit'

async function mountInNode (t, dir) {
  const handler = createHandler({ token: TOKEN, dir, prefix: BASE })
  return listen(t, (req, res) => handler(req, res, () => res.end('app')))
}

const mountInExpress = (t, dir) => mountInSomeExpress(t, dir, express)
const mountInExpress4 = (t, dir) => mountInSomeExpress(t, dir, express4)

async function mountInSomeExpress (t, dir, express) {
  const app = express()
  app.use(express.json())
  app.use(BASE, createHandler({ token: TOKEN, dir }))
  app.use((req, res) => { res.send('app') })
  return listen(t, app)
}

async function mountInFastify (t, dir) {
  const app = fastify({ forceCloseConnections: true })
  const handler = createHandler({ token: TOKEN, dir, prefix: BASE })
  app.all(`${BASE}/*`, (request, reply) => {
    reply.hijack()
    handler(request.raw, reply.raw)
  })
  app.all('*', async () => 'app')
  t.after(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  return client(app.server.address().port)
}

async function mountInKoa (t, dir) {
  const app = new Koa()
  const handler = createHandler({ token: TOKEN, dir, prefix: BASE })
  app.use((ctx, next) => {
    let rest
    ctx.respond = false
    handler(ctx.req, ctx.res, () => {
      ctx.respond = true
      rest = next()
    })
    return rest
  })
  app.use((ctx) => { ctx.body = 'app' })
  return listen(t, app.callback())
}

async function mountInHono (t, dir) {
  const app = new Hono()
  const handler = createHandler({ token: TOKEN, dir, prefix: BASE })
  app.all('*', (c) => c.text('app'))
  const fetch = (request, env) => {
    let answer = RESPONSE_ALREADY_SENT
    handler(env.incoming, env.outgoing, () => { answer = app.fetch(request, env) })
    return answer
  }
  const server = await new Promise((resolve) => {
    const server = serveHono({ fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(server))
  })
  t.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return client(server.address().port)
}

for (const [name, mount] of [
  ['node:http', mountInNode], ['Express', mountInExpress], ['Express 4', mountInExpress4], ['Fastify', mountInFastify], ['Koa', mountInKoa], ['Hono', mountInHono]
]) {
  describe(name, () => {
    test('a snapshot is taken, fetched by its Location, listed and deleted', async (t) => {
      const dir = tmpDir(t)
      const { request } = await mount(t, dir)
      const taken = await request('POST', `${BASE}/snapshot`)
      assert.equal(taken.status, 201, taken.body.toString())
      const artifact = taken.json()
      const text = readArtifact(artifact)
      parseSnapshot(text)

      const { location } = taken.headers
      assert.equal(location, `${BASE}/artifacts/${artifact.name}`)
      const fetched = await request('GET', location, { headers: { 'accept-encoding': 'gzip' } })
      assert.equal(fetched.headers['content-encoding'], 'gzip')
      assert.equal(zlib.gunzipSync(fetched.body).toString(), text)
      const head = await request('HEAD', location)
      assert.deepEqual([head.status, Number(head.headers['content-length']), head.body.length], [200, artifact.bytes, 0])

      assert.deepEqual((await request('GET', `${BASE}/artifacts`)).json().map(({ name }) => name), [artifact.name])
      assert.equal((await request('DELETE', location)).status, 204)
      assert.equal((await request('GET', location)).status, 404)
      assert.deepEqual(ls(dir), [])
    })

    test('a snapshot is downloaded', async (t) => {
      const dir = tmpDir(t)
      const { request } = await mount(t, dir)
      const answer = await request('POST', `${BASE}/snapshot?download=1`, { headers: { 'accept-encoding': 'gzip' } })
      assert.equal(answer.status, 200)
      assert.match(answer.headers['content-disposition'], /\.heapsnapshot"$/)
      parseSnapshot(zlib.gunzipSync(answer.body).toString())
      assert.deepEqual(ls(dir), [])
    })

    test('profiles are taken, with a JSON body that is ignored', async (t) => {
      const dir = tmpDir(t)
      const { request } = await mount(t, dir)
      const body = JSON.stringify({ seconds: -1, sampleInterval: 'x' })
      const headers = { 'content-type': 'application/json' }
      for (const path of ['/cpu?seconds=0.01', '/sampling?seconds=0.01', '/sampling/start', '/sampling/capture', '/sampling/stop']) {
        const answer = await request('POST', BASE + path, { body, headers })
        assert.equal(answer.status, 201, answer.body.toString())
      }
      assert.equal(ls(dir).length, 4)
    })

    test('refusals are the handler\'s own', async (t) => {
      const dir = tmpDir(t)
      const { request } = await mount(t, dir)
      for (const [method, path, options, status, header] of [
        ['GET', '/status', {}, 200, 'content-length'],
        ['GET', '/status', { token: null }, 401, 'www-authenticate'],
        ['POST', '/snapshot', { token: 'wrong' }, 401, 'www-authenticate'],
        ['GET', '/snapshot', {}, 405, 'allow'],
        ['DELETE', '/status', {}, 405, 'allow'],
        ['POST', '/cpu?seconds=-1', {}, 400, 'content-length'],
        ['GET', '/no', {}, 404, 'content-length'],
        ['GET', '/artifacts/../../etc/passwd', {}, 404, 'content-length'],
        ['GET', '/artifacts/%2e%2e%2f%2e%2e%2fetc%2fpasswd', {}, 404, 'content-length']
      ]) {
        const answer = await request(method, BASE + path, options)
        assert.equal(answer.status, status, `${method} ${path}`)
        assert.ok(answer.headers[header])
        assert.match(answer.headers['content-type'], status === 200 ? /^application\/json$/ : /^application\/problem\+json$/)
      }
      assert.deepEqual(ls(dir), [])
    })

    test('the application still answers what is not heapkit\'s', async (t) => {
      const { request } = await mount(t, tmpDir(t))
      for (const path of ['/', '/status', `${BASE}x`, `${BASE}x/status`]) {
        assert.equal((await request('GET', path, { token: null })).body.toString(), 'app')
      }
    })

    test('one capture at a time, and a client that goes away cancels its own', async (t) => {
      const dir = tmpDir(t)
      const { request, start } = await mount(t, dir)
      const started = nextEvent('start')
      const first = start('POST', `${BASE}/cpu?seconds=60`)
      await started
      const second = await request('POST', `${BASE}/snapshot`)
      assert.equal(second.status, 429)
      assert.ok(Number(second.headers['retry-after']) >= 1)
      first.destroy()
      await until(async () => (await request('GET', `${BASE}/status`)).json().capture === null)
      assert.deepEqual(ls(dir), [])
      assert.equal((await request('POST', `${BASE}/cpu?seconds=0.01`)).status, 201)
    })

    test('one connection serves many requests', async (t) => {
      const { request } = await mount(t, tmpDir(t))
      const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
      t.after(() => agent.destroy())
      for (const path of ['/status', '/no', '/artifacts', '/status']) {
        const answer = await request('GET', BASE + path, { agent })
        assert.equal(answer.headers.connection, 'keep-alive')
      }
    })
  })
}

for (const [name, mount] of [['Express', mountInExpress], ['Fastify', mountInFastify]]) {
  test(`${name}: a body of more than 64 KiB is 413, although it was parsed`, async (t) => {
    const dir = tmpDir(t)
    const { request } = await mount(t, dir)
    const body = JSON.stringify({ text: 'x'.repeat(70_000) })
    const answer = await request('POST', `${BASE}/cpu?seconds=0.01`, { body, headers: { 'content-type': 'application/json' } })
    assert.equal(answer.status, 413)
    assert.deepEqual(ls(dir), [])
  })
}

for (const name of ['node', 'express', 'fastify', 'koa', 'hono']) {
  test(`examples/http-${name}.js serves heapkit beside its application`, async (t) => {
    const child = run(t, `../../examples/http-${name}.js`, { env: { PORT: '0', HEAPKIT_TOKEN: TOKEN, HEAPKIT_DIR: tmpDir(t) } })
    const [, port] = await child.line(/^http:\/\/127\.0\.0\.1:(\d+)\/debug\/heapkit\/status$/m)
    const { request } = client(Number(port))
    assert.equal((await request('GET', '/', { token: null })).body.toString(), 'Hello\n')
    const download = await request('POST', `${BASE}/snapshot?download=1`, { headers: { 'accept-encoding': 'gzip' } })
    assert.equal(download.status, 200)
    parseSnapshot(zlib.gunzipSync(download.body).toString())
    const taken = await request('POST', `${BASE}/cpu?seconds=0.01`, { body: '{"seconds":1}', headers: { 'content-type': 'application/json' } })
    assert.equal(taken.status, 201)
    assert.equal((await request('GET', taken.headers.location)).status, 200)
    for (const [path, options, status] of [['/status', { token: 'wrong' }, 401], ['/no', {}, 404], ['/artifacts?limit=0', {}, 400]]) {
      const refused = await request('GET', BASE + path, options)
      assert.deepEqual([refused.status, refused.headers['content-type']], [status, 'application/problem+json'])
    }
  })
}
