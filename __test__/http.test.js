'use strict'

// The handler's rules for every request: who may, what is there, what may be asked, and what becomes of bodies.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const net = require('node:net')
const { test } = require('node:test')
const { tmpDir, run, until, ls, heapkitError } = require('./support')
const { createHandler, startTimeline, startSampling } = require('..')
const { TOKEN, listen, serve, nextEvent } = require('./http-support')

const INVALID = 'HEAPKIT_ERR_INVALID_OPTION'
const MAX_BODY = 64 * 1024

function assertProblem (answer, status, detail = /./) {
  assert.equal(answer.status, status, answer.body.toString())
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  assert.equal(answer.headers['cache-control'], 'no-store')
  const problem = answer.json()
  assert.equal(problem.status, status)
  assert.match(problem.detail, detail)
  return problem
}

// --- making one ---

test('a handler without token and authorize is refused', () => {
  for (const options of [undefined, {}, { token: undefined }, { dir: '/tmp' }]) {
    assert.throws(() => createHandler(options), heapkitError(INVALID, /token.*authorize/))
  }
})

test('wrong options are refused by name, and a token is never in the message', () => {
  for (const [option, value] of [
    ['token', ''], ['token', ' \n'], ['token', 'two words'], ['token', 'pässwort'], ['token', 42], ['token', null], ['authorize', 'yes'], ['authorize', null], ['prefix', 'debug'],
    ['prefix', '/a b'], ['prefix', '/a?b'], ['prefix', '//a'], ['prefix', 7], ['maxSeconds', 0], ['maxSeconds', -1],
    ['maxSeconds', NaN], ['maxSeconds', 1.5], ['maxSeconds', '10'], ['maxSeconds', 1e9], ['dir', 42], ['dir', ''],
    ['compression', 'brotli'], ['level', 10], ['maxFiles', 0], ['maxBytes', -1], ['maxAgeMs', '1'], ['minFreeBytes', -1]
  ]) {
    const access = option === 'authorize' ? {} : { token: 'secret' }
    assert.throws(() => createHandler({ ...access, [option]: value }), (error) => {
      heapkitError(INVALID)(error)
      assert.equal(error.option, option, error.message)
      assert.doesNotMatch(error.message, /secret/)
      return true
    })
  }
  for (const options of [null, 'token', []]) assert.throws(() => createHandler(options), heapkitError(INVALID))
  assert.throws(() => createHandler({ token: 'a', authorize: () => true }), heapkitError(INVALID, /authorize/))
})

// --- who may ---

test('a token is what a file of secrets has: the newline at its end does not count', async (t) => {
  const { request } = await serve(t, { token: `${TOKEN}\n` })
  assert.equal((await request('GET', '/status')).status, 200)
})

test('without a token, or with something that is none, it answers 401 and says how', async (t) => {
  const { request } = await serve(t)
  for (const authorization of [undefined, '', 'Bearer', 'Bearer ', `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN} x`, `Bearer x ${TOKEN}`]) {
    const headers = authorization === undefined ? {} : { authorization }
    const answer = await request('GET', '/status', { token: null, headers })
    const { detail } = assertProblem(answer, 401, /Authorization/)
    assert.equal(answer.headers['www-authenticate'], 'Bearer realm="heapkit"')
    assert.doesNotMatch(detail, new RegExp(TOKEN))
  }
})

test('a wrong token of any length is answered like any other', async (t) => {
  const { request } = await serve(t)
  const answers = []
  for (const token of ['x', TOKEN.slice(0, -1), TOKEN + 'x', TOKEN.toUpperCase(), TOKEN.replace('c', 'd'), 'x'.repeat(8000)]) {
    const answer = await request('GET', '/status', { token })
    assertProblem(answer, 401)
    delete answer.headers.date
    answers.push(JSON.stringify([answer.headers, answer.json()]))
  }
  assert.equal(new Set(answers).size, 1)
})

test('tokens are compared by timingSafeEqual, as digests of one length', async (t) => {
  const child = run(t, 'http-timing.js')
  const [, json] = await child.line(/^calls (.*)$/m)
  assert.deepEqual(await child.exit, { code: 0, signal: null })
  const { token, calls, statuses } = JSON.parse(json)
  assert.deepEqual(statuses, [200, 401, 401, 401, 401])
  assert.equal(calls.length, statuses.length, 'one comparison for each token, right or wrong')
  for (const [given, right] of calls) {
    assert.equal(given.length, 64)
    assert.equal(right, calls[0][1])
    assert.notEqual(right, Buffer.from(token).toString('hex'))
  }
  assert.deepEqual(calls.map(([given, right]) => given === right), [true, false, false, false, false])
})

test('everything needs the token: unknown paths, wrong methods and wrong queries too', async (t) => {
  const { request, dir } = await serve(t)
  for (const [method, path] of [
    ['GET', '/'], ['GET', '/status'], ['DELETE', '/status'], ['GET', '/no'], ['POST', '/snapshot'], ['POST', '/snapshot?download=1'],
    ['POST', '/cpu?seconds=abc'], ['POST', '/timeline'], ['POST', '/sampling/start'], ['GET', '/artifacts'], ['GET', '/artifacts/x']
  ]) {
    assertProblem(await request(method, path, { token: null }), 401)
    assertProblem(await request(method, path, { token: 'wrong' }), 401)
  }
  assert.deepEqual(ls(dir), [])
})

test('the scheme may be written in any case', async (t) => {
  const { request } = await serve(t)
  for (const scheme of ['bearer', 'BEARER', 'Bearer ']) {
    const { status } = await request('GET', '/status', { token: null, headers: { authorization: `${scheme} ${TOKEN}` } })
    assert.equal(status, 200)
  }
})

test('authorize decides by true alone, at once or later', async (t) => {
  let answer
  const seen = []
  const { request } = await serve(t, { authorize: (req) => { seen.push(req.headers['x-user']); return answer() } })
  for (const [value, status] of [
    [() => true, 200], [async () => true, 200], [() => new Promise((resolve) => setImmediate(resolve, true)), 200],
    [() => false, 401], [async () => false, 401], [() => undefined, 401], [() => 1, 401], [() => 'true', 401], [() => ({}), 401],
    [() => { throw new Error('database password is hunter2') }, 500], [async () => { throw new Error('hunter2') }, 500],
    // eslint-disable-next-line prefer-promise-reject-errors
    [() => Promise.reject(undefined), 500]
  ]) {
    answer = value
    const got = await request('GET', '/status', { token: null, headers: { 'x-user': 'ann' } })
    assert.equal(got.status, status, value.toString())
    assert.doesNotMatch(got.body.toString(), /hunter2/)
    assert.equal(got.headers['www-authenticate'] !== undefined, status === 401)
  }
  assert.deepEqual(new Set(seen), new Set(['ann']))
})

test('a page of another origin, whose browser sends cookies along, changes nothing', async (t) => {
  let asked = 0
  const { request, port } = await serve(t, { authorize: () => { asked++; return true }, trustedOrigins: ['https://ops.example'] })
  const asBrowser = async (method, headers) => (await request(method, '/sampling/stop', { token: null, headers })).status
  const own = `http://127.0.0.1:${port}`
  // 409: there is nothing to stop, so it was let through.
  for (const headers of [
    {}, { 'sec-fetch-site': 'same-origin', origin: own }, { 'sec-fetch-site': 'none' }, { origin: own },
    { 'sec-fetch-site': 'cross-site', origin: 'https://ops.example' }, { 'sec-fetch-site': 'same-origin', origin: 'https://behind.a.proxy' }
  ]) assert.equal(await asBrowser('POST', headers), 409, JSON.stringify(headers))
  assert.equal(await asBrowser('GET', { 'sec-fetch-site': 'cross-site' }), 405)
  const before = asked
  for (const headers of [
    { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site', origin: own },
    { origin: 'https://evil.example' }, { origin: 'null' }, { origin: '' }, { origin: `http://127.0.0.1:${port}.evil.example` }, { 'sec-fetch-site': 'SAME-ORIGIN' }
  ]) assert.equal(await asBrowser('POST', headers), 403, JSON.stringify(headers))
  assertProblem(await request('DELETE', '/capture', { token: null, headers: { origin: 'https://evil.example' } }), 403)
  assert.equal(asked, before, 'authorize was not asked')
})

test('what cannot be an origin is refused, and so is one with a token', () => {
  for (const value of ['https://ops.example', ['ops.example'], ['https://ops.example/'], ['https://ops.example:443'], ['https://OPS.example'], ['null'], ['*'], [7], [undefined]]) {
    assert.throws(() => createHandler({ authorize: () => true, trustedOrigins: value }), heapkitError(INVALID, /trustedOrigins.*https:\/\/ops/))
  }
  assert.throws(() => createHandler({ token: 'a', trustedOrigins: [] }), heapkitError(INVALID, /trustedOrigins.*authorize/))
})

test('a client that goes away while authorize thinks starts nothing', async (t) => {
  const { start, request, dir } = await serve(t, {
    authorize: async (incoming) => {
      if (!incoming.headers['x-leave']) return true
      const closed = new Promise((resolve) => incoming.socket.once('close', resolve))
      req.destroy()
      await closed
      return true
    }
  })
  const failed = nextEvent('error')
  const req = start('POST', '/snapshot', { headers: { 'x-leave': '1' } })
  assert.equal((await failed).error.code, 'HEAPKIT_ERR_ABORTED')
  await until(async () => (await request('GET', '/status')).json().capture === null)
  assert.deepEqual(ls(dir), [])
})

// --- what is there ---

test('unknown paths are 404', async (t) => {
  const { request } = await serve(t)
  for (const path of [
    '/', '/statusx', '/status/x', '/Status', '//status', '/./status', '/x/../status', '/sampling/x', '/sampling/start/x', '/snapshot/..',
    '/__proto__', '/constructor', '/toString', '/status%20', '/%73tatus', '/status;x', '/artifacts/x/y', '/artifacts//x'
  ]) {
    for (const method of ['GET', 'POST', 'DELETE']) assertProblem(await request(method, path), 404)
  }
  for (const path of ['/artifacts/__proto__', '/artifacts/constructor', '/artifacts/x']) assertProblem(await request('GET', path), 404)
})

test('a slash at the end changes nothing', async (t) => {
  const { request } = await serve(t)
  assert.equal((await request('GET', '/status/')).status, 200)
  assert.equal((await request('GET', '/artifacts/')).status, 200)
})

test('wrong methods are 405 with Allow', async (t) => {
  const { request, dir } = await serve(t)
  const name = 'Heap.20261120.213000.4242.0.001.heapsnapshot.gz'
  const captures = ['/snapshot', '/snapshot?download=1', '/sampling', '/cpu?seconds=1', '/timeline', '/sampling/start', '/sampling/stop', '/sampling/capture']
  for (const [path, allow, methods] of [
    ...captures.map((path) => [path, 'POST', ['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']]),
    ['/status', 'GET, HEAD', ['POST', 'PUT', 'DELETE', 'OPTIONS']],
    ['/artifacts', 'GET, HEAD', ['POST', 'DELETE', 'PUT']],
    [`/artifacts/${name}`, 'GET, HEAD, DELETE', ['POST', 'PUT', 'PATCH']]
  ]) {
    for (const method of methods) {
      const answer = await request(method, path)
      assert.equal(answer.status, 405, `${method} ${path}`)
      assert.equal(answer.headers.allow, allow)
    }
  }
  assert.deepEqual(ls(dir), [])
})

test('HEAD answers like GET, without the body', async (t) => {
  const { request } = await serve(t)
  for (const [path, status] of [['/status', 200], ['/artifacts', 200], ['/no', 404], ['/artifacts/no', 404]]) {
    const answer = await request('HEAD', path)
    assert.equal(answer.status, status)
    assert.equal(answer.body.length, 0)
    assert.ok(Number(answer.headers['content-length']) > 0)
  }
  const got = await request('HEAD', '/status', { token: null })
  assert.equal(got.status, 401)
  assert.equal(got.body.length, 0)
})

test('status tells what heapkit is doing', async (t) => {
  const { request, dir } = await serve(t)
  const before = (await request('GET', '/status')).json()
  assert.equal(before.version, require('../package.json').version)
  assert.equal(before.nodeVersion, process.version)
  assert.equal(before.pid, process.pid)
  assert.equal(before.threadId, 0)
  assert.equal(before.dir, dir)
  assert.equal(before.snapshotsDisabled, false)
  assert.deepEqual([before.capture, before.sampling, before.artifacts], [null, null, { count: 0, bytes: 0 }])
  assert.ok(before.freeDiskBytes > 0 && before.memory.heapUsed > 0 && before.uptimeSeconds >= 0)

  const sampling = startSampling()
  const timeline = startTimeline()
  const during = (await request('GET', '/status')).json()
  assert.equal(during.sampling.startedAt, sampling.startedAt.toISOString())
  assert.equal(during.capture.kind, 'timeline')
  assert.ok(Date.parse(during.capture.startedAt) >= sampling.startedAt.getTime())
  await timeline[Symbol.asyncDispose]()
  const { bytes } = await sampling.stop({ dir })

  const after = (await request('GET', '/status')).json()
  assert.deepEqual([after.capture, after.sampling, after.artifacts], [null, null, { count: 1, bytes }])
})

test('status and artifacts work before the directory is there', async (t) => {
  const dir = `${tmpDir(t)}/later`
  const { request } = await serve(t, { dir })
  const status = (await request('GET', '/status')).json()
  assert.deepEqual([status.artifacts, status.freeDiskBytes], [{ count: 0, bytes: 0 }, null])
  assert.deepEqual((await request('GET', '/artifacts')).json(), [])
  assert.equal((await request('POST', '/cpu?seconds=0.01')).status, 201)
  assert.equal((await request('GET', '/artifacts')).json().length, 1)
})

// --- where it is mounted ---

test('with a prefix, requests outside go to next() untouched, authorized or not', async (t) => {
  const handler = createHandler({ token: TOKEN, prefix: '/debug/heapkit', dir: tmpDir(t) })
  const { request } = await listen(t, (req, res) => {
    handler(req, res, (error) => {
      assert.equal(error, undefined)
      req.pipe(res)
    })
  })
  for (const path of ['/', '/app', '/status', '/debug', '/debug/heapkitx', '/debug/heapkitx/status', '/debug/heapkit%2fstatus', '/Debug/heapkit/status']) {
    const answer = await request('POST', path, { token: null, body: 'hello app' })
    assert.equal(answer.status, 200)
    assert.equal(answer.body.toString(), 'hello app')
  }
  assert.equal((await request('GET', '/debug/heapkit/status')).status, 200)
  assertProblem(await request('GET', '/debug/heapkit/status', { token: null }), 401)
  for (const path of ['/debug/heapkit', '/debug/heapkit/', '/debug/heapkit?x', '/debug/heapkit/no', '/debug/heapkit/debug/heapkit/status', '/debug/heapkit//status']) {
    assertProblem(await request('GET', path), 404)
  }
})

test('without next(), requests outside of the prefix are 404 for those who may know', async (t) => {
  const { request } = await serve(t, { prefix: '/debug/heapkit/' })
  assert.equal((await request('GET', '/debug/heapkit/status')).status, 200)
  for (const path of ['/', '/status', '/debug', '/debug/heapkitx/status', '/debug/heapkit/../heapkit/status', '//debug/heapkit/status', '/debug//heapkit/status']) {
    assertProblem(await request('GET', path), 404)
    assertProblem(await request('GET', path, { token: null }), 401)
  }
})

// --- what may be asked ---

test('seconds that are no number of seconds are 400, and nothing starts', async (t) => {
  const { request, dir } = await serve(t)
  const wrong = [
    '-1', '1e9', '1000000000', 'abc', '0', '0.0', '-0', 'NaN', 'Infinity', '-Infinity', '', '%20', '1%20', '+1', '%2B1', '1s', '0x10', '1,5',
    '.5', '5.', '1e1', '301', '300.1', 'null', 'undefined', '1%00', '%D9%A1', '9'.repeat(400), '1;2'
  ]
  for (const path of ['/cpu', '/sampling', '/timeline']) {
    for (const value of wrong) {
      const problem = assertProblem(await request('POST', `${path}?seconds=${value}`), 400, /seconds/)
      assert.equal(problem.title, 'Bad Request')
    }
    assertProblem(await request('POST', `${path}?seconds`), 400, /seconds/)
  }
  const status = (await request('GET', '/status')).json()
  assert.deepEqual([status.capture, status.sampling], [null, null])
  assert.deepEqual(ls(dir), [])
})

test('a parameter that is there more than once is 400', async (t) => {
  const { request } = await serve(t)
  for (const path of [
    '/cpu?seconds=0.01&seconds=0.01', '/cpu?seconds=1&seconds=abc', '/sampling?stackDepth=1&stackDepth=1', '/snapshot?download=1&download=0'
  ]) {
    assertProblem(await request('POST', path), 400, /seconds|stackDepth|download/)
  }
})

test('maxSeconds bounds seconds', async (t) => {
  const { request } = await serve(t, { maxSeconds: 2 })
  assertProblem(await request('POST', '/cpu?seconds=2.1'), 400, /up to 2/)
  assert.equal((await request('POST', '/cpu?seconds=0.02')).status, 201)
})

test('unknown parameters are 400 everywhere', async (t) => {
  const { request, dir } = await serve(t)
  const name = 'Heap.20261120.213000.4242.0.001.heapsnapshot.gz'
  fs.writeFileSync(`${dir}/${name}`, '')
  for (const [method, path] of [
    ['POST', '/snapshot'], ['POST', '/sampling'], ['POST', '/cpu'], ['POST', '/timeline'], ['POST', '/sampling/start'], ['POST', '/sampling/stop'],
    ['POST', '/sampling/capture'], ['GET', '/status'], ['GET', '/artifacts'], ['GET', `/artifacts/${name}`], ['DELETE', `/artifacts/${name}`]
  ]) {
    for (const query of ['second=1', 'Seconds=1', 'file=/tmp/x', 'dir=/tmp', '__proto__=1', 'constructor=1', 'x', '=1', 'token=' + TOKEN]) {
      assertProblem(await request(method, `${path}?${query}`), 400, /Unknown parameter/)
    }
  }
  assert.deepEqual(ls(dir), [name])
})

test('an empty query is none', async (t) => {
  const { request } = await serve(t)
  assert.equal((await request('GET', '/status?')).status, 200)
})

test('capture options in the query are checked like those of the API', async (t) => {
  const { request, dir } = await serve(t)
  for (const path of [
    '/snapshot?download=yes', '/snapshot?download=2', '/cpu?sampleInterval=1', '/cpu?sampleInterval=-50', '/cpu?sampleInterval=1e3', '/cpu?sampleInterval=',
    '/sampling?sampleInterval=0', '/sampling?stackDepth=0', '/sampling?stackDepth=129', '/sampling?stackDepth=abc', '/sampling/start?sampleInterval=0',
    '/sampling/start?stackDepth=1.5', '/timeline?trackAllocations=maybe', '/sampling/start?seconds=1', '/timeline?stackDepth=3'
  ]) {
    assertProblem(await request('POST', path), 400)
  }
  const status = (await request('GET', '/status')).json()
  assert.deepEqual([status.capture, status.sampling], [null, null])
  assert.deepEqual(ls(dir), [])
})

// --- bodies ---

test('a body is ignored, whatever it says, and the connection goes on', async (t) => {
  const { request } = await serve(t)
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const bodies = ['{"seconds":-1,"download":true}', 'x'.repeat(MAX_BODY), Buffer.alloc(1000), '']
  for (const body of bodies) {
    const answer = await request('POST', '/cpu?seconds=0.01', { body, agent, headers: { 'content-type': 'application/json' } })
    assert.equal(answer.status, 201, answer.body.toString())
    assert.equal(answer.headers.connection, 'keep-alive')
  }
})

test('an announced body of more than 64 KiB is 413', async (t) => {
  const { raw, dir } = await serve(t)
  for (const length of [MAX_BODY + 1, 1e12]) {
    const answer = await raw(`POST /snapshot HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nContent-Length: ${length}\r\n\r\n`)
    assert.match(answer, /^HTTP\/1\.1 413 /)
    assert.match(answer, /\r\nConnection: close\r\n/)
    assert.match(answer, /application\/problem\+json/)
  }
  assert.deepEqual(ls(dir), [])
})

test('a chunked body of more than 64 KiB is 413, and the capture that it came with is cancelled', async (t) => {
  const { raw, request, dir } = await serve(t)
  const chunk = (bytes) => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`
  const answer = await raw(`POST /cpu?seconds=60 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nTransfer-Encoding: chunked\r\n\r\n` +
    chunk(MAX_BODY) + chunk(1))
  assert.match(answer, /^HTTP\/1\.1 413 /)
  assert.match(answer, /\r\nConnection: close\r\n/)
  await until(async () => (await request('GET', '/status')).json().capture === null)
  assert.equal((await request('POST', '/cpu?seconds=0.01')).status, 201)
  assert.equal(ls(dir).length, 1)
})

for (const [who, token] of [['somebody who may', TOKEN], ['somebody who may not', 'wrong']]) {
  test(`an endless body of ${who} ends the connection after little more than 64 KiB`, async (t) => {
    const handler = createHandler({ token: TOKEN, dir: tmpDir(t) })
    let closed
    const { port } = await listen(t, (req, res) => {
      closed = new Promise((resolve) => req.socket.once('close', () => resolve(req.socket.bytesRead)))
      handler(req, res)
    })
    const socket = net.connect(port, '127.0.0.1')
    t.after(() => socket.destroy())
    socket.on('error', () => {})
    socket.write(`POST /sampling?seconds=60 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n`)
    const piece = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    const more = () => { while (!socket.destroyed && socket.write(piece)); }
    socket.on('drain', more)
    socket.resume()
    more()
    await new Promise((resolve) => socket.once('close', resolve))
    const bytes = await closed
    assert.ok(bytes > MAX_BODY && bytes < 4 * 1024 * 1024, `${bytes} bytes were read`)
  })
}
