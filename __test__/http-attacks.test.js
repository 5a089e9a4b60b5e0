'use strict'

// What somebody may send who means no good, and servers that do what nobody expects: the handler answers, and goes on.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const net = require('node:net')
const { test } = require('node:test')
const { tmpDir, ls, until } = require('./support')
const { createHandler } = require('..')
const { TOKEN, listen, serve } = require('./http-support')

const NAME = 'Heap.20261120.213000.4242.0.001.heapsnapshot'
const HEAD = `Host: x\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n`

test('400 requests at once: one capture, and an answer for everybody', async (t) => {
  const { request, dir } = await serve(t, { compression: 'zstd', level: 15 })
  const answers = await Promise.all(Array.from({ length: 400 }, (_, at) => request(...[['POST', '/snapshot'], ['GET', '/status'], ['GET', '/artifacts'], ['GET', '/no']][at % 4])))
  const count = (status, kind) => answers.filter((answer, at) => answer.status === status && at % 4 === kind).length
  assert.ok(count(201, 0) >= 1)
  assert.equal(count(201, 0) + count(429, 0), 100)
  assert.deepEqual([count(200, 1), count(200, 2), count(404, 3)], [100, 100, 100])
  assert.equal(ls(dir).length, count(201, 0))
})

test('no route answers a Range in part: the whole comes, and a client can know that beforehand', async (t) => {
  const { request, dir } = await serve(t)
  fs.writeFileSync(path.join(dir, NAME), 'whole')
  for (const headers of [{ range: 'bytes=1-2' }, { range: 'bytes=-1' }, { range: 'bytes=9-' }, { 'if-none-match': '*' }, { 'if-modified-since': new Date(Date.now() + 1e6).toUTCString() }, { 'if-match': '"x"' }]) {
    const answer = await request('GET', `/artifacts/${NAME}`, { headers })
    assert.deepEqual([answer.status, answer.body.toString(), answer.headers['accept-ranges'], answer.headers['content-range']], [200, 'whole', 'none', undefined])
  }
})

/** What HEAD is answered where GET is known, with nothing running and nothing there. */
const READS = { '/status': 200, '/artifacts': 200, [`/artifacts/${NAME}`]: 404, '/pprof': 200, '/pprof/heap': 409, '/pprof/allocs': 409, '/pprof/profile': 200 }

test('HEAD and OPTIONS begin nothing, on every route', async (t) => {
  const { raw, dir } = await serve(t)
  for (const route of ['/status', '/artifacts', '/snapshot', '/snapshot?download=1', '/sampling', '/sampling/start', '/sampling/stop', '/sampling/capture', '/cpu', '/timeline', '/capture', '/pprof', '/pprof/heap', '/pprof/allocs', '/pprof/profile', `/artifacts/${NAME}`]) {
    for (const method of ['HEAD', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      const answer = await raw(`${method} ${route} HTTP/1.1\r\n${HEAD}\r\n`)
      const status = method === 'HEAD' ? READS[route] : undefined
      assert.match(answer, status ? new RegExp(`^HTTP/1\\.1 ${status} `) : /^HTTP\/1\.1 405 [^]*\r\nAllow: /, `${method} ${route}\n${answer}`)
      if (method === 'HEAD') assert.match(answer, /\r\n\r\n$/)
    }
  }
  assert.deepEqual(ls(dir), [])
})

test('what a request says is not repeated at length, and makes no header', async (t) => {
  const { raw } = await serve(t)
  const long = 'x'.repeat(10_000)
  for (const target of [`/cpu?${long}=1`, `/cpu?seconds=${long}`, `/snapshot?download=${long}`, `/cpu?sampleInterval=${long}`, `/artifacts?limit=${long}`, `/artifacts?after=${long}`, `/${long}`, `/artifacts/${long}`]) {
    const answer = await raw(`${target.startsWith('/artifacts') ? 'GET' : 'POST'} ${target} HTTP/1.1\r\n${HEAD}\r\n`)
    assert.match(answer, /^HTTP\/1\.1 40[04] /, target.slice(0, 30))
    assert.ok(answer.length < 1200, `${answer.length} characters`)
  }
  for (const target of [`/artifacts/${NAME}%0d%0aX-Evil:%201`, '/artifacts?after=%0d%0aX-Evil:%201', '/cpu?%0d%0aX-Evil:%201']) {
    const answer = await raw(`GET ${target} HTTP/1.1\r\n${HEAD}\r\n`)
    assert.match(answer, /^HTTP\/1\.1 4/)
    assert.doesNotMatch(answer, /^X-Evil/m)
  }
})

test('of several Authorization headers the first counts, so that none can be smuggled behind it', async (t) => {
  const { raw } = await serve(t)
  const ask = (...values) => raw(`GET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${values.map((value) => `Authorization: ${value}\r\n`).join('')}\r\n`)
  assert.match(await ask('Bearer wrong', `Bearer ${TOKEN}`), /^HTTP\/1\.1 401 /)
  assert.match(await ask('', `Bearer ${TOKEN}`), /^HTTP\/1\.1 401 /)
  assert.match(await ask(...Array(500).fill('Bearer wrong')), /^HTTP\/1\.1 401 /)
  assert.match(await ask(`Bearer ${TOKEN}, Bearer ${TOKEN}`), /^HTTP\/1\.1 401 /)
})

test('Expect: 100-continue and a body that never comes hold up nobody', async (t) => {
  const { port, request } = await serve(t)
  const socket = net.connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  let answer = ''
  socket.setEncoding('latin1').on('data', (text) => { answer += text })
  socket.write(`POST /cpu?seconds=0.01 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nExpect: 100-continue\r\nContent-Length: 1000\r\n\r\n`)
  await until(() => /HTTP\/1\.1 201 /.test(answer), 'the answer')
  assert.match(answer, /^HTTP\/1\.1 100 Continue/)
  assert.equal((await request('GET', '/status', { body: 'a body', headers: { 'content-length': '6' } })).status, 200)
})

test('an authorize that never answers holds its own requests only, and nothing when they are gone', async (t) => {
  let asked = 0
  const { request, start } = await serve(t, { authorize: (req) => req.headers['x-hang'] ? new Promise(() => { asked++ }) : true })
  const hanging = Array.from({ length: 20 }, () => start('POST', '/snapshot', { token: null, headers: { 'x-hang': '1' }, body: 'x'.repeat(1000) }))
  await until(() => asked === 20, 'all to be asked')
  assert.equal((await request('GET', '/status', { token: null })).json().capture, null)
  assert.equal((await request('POST', '/cpu?seconds=0.01', { token: null })).status, 201)
  for (const req of hanging) req.destroy()
  assert.equal((await request('POST', '/cpu?seconds=0.01', { token: null })).status, 201)
})

test('an authorize that settles twice, or is no promise of ours, counts once', async (t) => {
  let answer
  const { request } = await serve(t, { authorize: () => answer() })
  for (const [value, status] of [
    [() => ({ then (resolve, reject) { resolve(false); resolve(true); reject(new Error('late')) } }), 401],
    [() => ({ then (resolve) { resolve(true); throw new Error('late') } }), 200],
    [() => ({ get then () { throw new Error('hunter2') } }), 500],
    [() => { throw undefined }, 500] // eslint-disable-line no-throw-literal
  ]) {
    answer = value
    assert.equal((await request('GET', '/status', { token: null })).status, status)
  }
})

// --- servers that do what nobody expects ---

for (const [what, spoil] of [
  ['has answered already', (res) => { res.statusCode = 503; res.end('too late') }],
  ['cannot write heads', (res) => { res.writeHead = () => { throw new Error('spoilt') } }],
  ['cannot end', (res) => { res.end = () => { throw new Error('spoilt') } }],
  ['is gone', (res) => res.destroy()]
]) {
  for (const target of ['/status', '/no', '/artifacts', '/cpu?seconds=0.01', '/pprof/profile?seconds=0.01', '/snapshot?download=1']) {
    test(`a response that ${what} is nobody's unhandled error: ${target}`, async (t) => {
      const errors = []
      const note = (error) => errors.push(error)
      process.on('unhandledRejection', note)
      t.after(() => process.off('unhandledRejection', note))
      const handler = createHandler({ token: TOKEN, dir: tmpDir(t) })
      const { start } = await listen(t, (req, res) => {
        handler(req, res)
        spoil(res)
      })
      const req = start(/^.(cpu|snap)/.test(target) ? 'POST' : 'GET', target)
      await new Promise((resolve) => req.on('close', resolve).on('response', (res) => res.on('error', () => {}).resume()))
      const control = await serve(t)
      await until(async () => (await control.request('GET', '/status')).json().capture === null, 'the end of the capture')
      assert.deepEqual(errors, [])
    })
  }
}

test('an error that nobody thought of tells nothing but that it was one', async (t) => {
  const { request, dir } = await serve(t)
  fs.writeFileSync(path.join(dir, NAME), 'whole')
  t.mock.method(fs.promises, 'open', async () => { throw new TypeError('secret at /root/secret.js:1:1') })
  const answer = await request('GET', `/artifacts/${NAME}`)
  assert.deepEqual(answer.json(), { type: 'about:blank', title: 'Internal Server Error', status: 500, detail: 'A bug in heapkit, please report it: TypeError' })
})
