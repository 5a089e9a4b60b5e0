'use strict'

// pprof over HTTP: what its tools ask for, whom the handler lets ask, and what it says where there is nothing to be had.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { Worker } = require('node:worker_threads')
const zlib = require('node:zlib')
const { tmpDir, ls, run, until } = require('./support')
const { TOKEN, serve, client, nextEvent } = require('./http-support')
const { openProfile, startSampling, startCpuProfile } = require('..')

const ALL = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true }

function password (token, user = 'anybody') {
  return { headers: { authorization: `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}` }, token: null }
}

/** Allocates what stays alive for the rest of the test. */
function keep (count) {
  globalThis.kept = [globalThis.kept, Array.from({ length: count }, (_, index) => ({ index }))]
}

function sample (t, options) {
  const session = startSampling({ sampleInterval: 1024, ...options })
  t.after(() => session[Symbol.asyncDispose]())
  return session
}

/** What the answer's body is, read as a file. */
async function profileOf (t, { status, headers, body }) {
  assert.equal(status, 200, String(body))
  assert.equal(headers['content-type'], 'application/octet-stream')
  assert.equal(Number(headers['content-length']), body.length)
  assert.equal(headers['content-encoding'], undefined)
  zlib.gunzipSync(body)
  const file = path.join(tmpDir(t), 'profile.pb.gz')
  fs.writeFileSync(file, body)
  return await openProfile(file)
}

test('the heap is that of the running session, which goes on; no file is left', async (t) => {
  const { request, dir } = await serve(t)
  const session = sample(t)
  keep(20_000)
  const answer = await request('GET', '/pprof/heap?gc=1')
  assert.equal(answer.headers['content-disposition'], 'attachment; filename="heap.pb.gz"')
  assert.equal(answer.headers['cache-control'], 'no-store')
  const profile = await profileOf(t, answer)
  assert.deepEqual(profile.types.map(({ name, unit }) => `${name}/${unit}`), ['inuse_space/bytes'])
  assert.equal(profile.startedAt, session.startedAt.toISOString())
  assert.ok((await profile.top({ focus: /^keep$/ })).shown > 0)
  await session.stop({ dir })
  assert.deepEqual(ls(dir).map((name) => path.extname(name)), ['.gz'])
})

test('a heap of so many seconds is what became of it in that time', async (t) => {
  const { request, start } = await serve(t)
  sample(t)
  keep(200_000)
  const req = start('GET', '/pprof/heap?seconds=1')
  const answered = new Promise((resolve) => req.on('response', (res) => {
    const chunks = []
    res.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve({ status: res.statusCode, headers: res.headers, body: Buffer.concat(chunks) }))
  }))
  // The first reading is over when its event comes.
  const { artifact } = await nextEvent('end')
  assert.deepEqual([artifact.kind, artifact.format, artifact.path], ['sampling', 'heapprofile', null])
  // One at a time; a reading at once is another matter.
  const other = await request('GET', '/pprof/heap?seconds=1')
  assert.deepEqual([other.status, other.headers['x-go-pprof']], [429, '1'])
  assert.ok(Number(other.headers['retry-after']) >= 1)
  keep(20_000)
  const profile = await profileOf(t, await answered)
  assert.ok(profile.durationMs >= 1000, `${profile.durationMs} ms`)
  // Sampled: 20,000 objects and their list, and not the 200,000 before.
  const { rows } = await profile.top()
  const kept = rows.find(({ place }) => place?.includes('http-pprof')).flat
  assert.ok(kept > 200_000 && kept < 2_000_000, `${kept} bytes`)
})

test('allocations are those of a session that counts them', async (t) => {
  const { request } = await serve(t)
  assert.equal((await request('POST', '/sampling/start?allocations=1&maxSamples=2000&sampleInterval=1024')).status, 201)
  for (let round = 0; round < 20; round++) Array.from({ length: 5000 }, () => ({}))
  const profile = await profileOf(t, await request('GET', '/pprof/allocs'))
  assert.deepEqual(profile.types.map(({ name }) => name), ['alloc_space'])
  assert.equal((await request('POST', '/sampling/stop')).status, 201)
  const { status, body } = await request('POST', '/sampling/start?maxSamples=2000')
  assert.deepEqual([status, JSON.parse(body).code], [400, 'HEAPKIT_ERR_INVALID_OPTION'])
  const session = sample(t, ALL)
  assert.equal((await request('GET', '/pprof/allocs')).status, 200)
  const heap = await request('GET', '/pprof/heap')
  assert.equal(heap.status, 409)
  assert.match(String(heap.body), /counts what was collected, too/)
  await session[Symbol.asyncDispose]()
  sample(t)
  const allocs = await request('GET', '/pprof/allocs')
  assert.equal(allocs.status, 409)
  assert.match(String(allocs.body), /counts what is alive\. End it .*, and to count all that was allocated, POST \/sampling\/start\?allocations=1, HEAPKIT_SAMPLING=allocations .*, or startSampling\({ allocations: true }\)/)
})

test('a CPU profile of so many seconds', async (t) => {
  const { request } = await serve(t)
  const profile = await profileOf(t, await request('GET', '/pprof/profile?seconds=0.2&sampleInterval=500'))
  assert.deepEqual(profile.types.map(({ name, unit }) => `${name}/${unit}`), ['samples/count', 'cpu/nanoseconds', 'wall/nanoseconds'])
  assert.ok(profile.durationMs >= 200)
  const session = startCpuProfile()
  t.after(() => session[Symbol.asyncDispose]())
  assert.equal((await request('GET', '/pprof/profile?seconds=0.2')).status, 409)
})

test('people get a text, and a page with what there is', async (t) => {
  const { request } = await serve(t)
  sample(t)
  keep(20_000)
  const text = await request('GET', '/pprof/heap?debug=1')
  assert.equal(text.headers['content-type'], 'text/plain; charset=utf-8')
  assert.equal(text.headers['content-disposition'], undefined)
  assert.match(String(text.body), /^inuse_space: \d+ bytes\nperiod: 1024 bytes \(space\)\ncomment: Node\.js v[^]*\n\n\d+\n#\t[^]*#\tkeep\t.*http-pprof\.test\.js:\d+\n/)
  const list = await request('GET', '/pprof/')
  assert.match(String(list.body), /^heap\t.*\nallocs\t.*\(not now: .*\)\nprofile\t/)
  const page = await request('GET', '/pprof', { headers: { accept: 'text/html,*/*' } })
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
  assert.equal(page.headers['content-security-policy'], "default-src 'none'")
  assert.match(String(page.body), /<a href="pprof\/heap\?debug=1">/)
  assert.match(String((await request('GET', '/pprof/', { headers: { accept: 'text/html' } })).body), /<a href="heap\?debug=1">/)
})

test('what is not collected says how to start it, in a text that pprof shows', async (t) => {
  const { request } = await serve(t)
  for (const name of ['heap', 'allocs']) {
    const { status, headers, body } = await request('GET', `/pprof/${name}`)
    assert.deepEqual([status, headers['content-type'], headers['x-go-pprof']], [409, 'text/plain; charset=utf-8', '1'])
    assert.match(String(body), name === 'heap'
      ? /no sampling session is running in this thread; POST \/sampling\/start does, HEAPKIT_SAMPLING=1 does .*startSampling\(\)/
      : /no sampling session is running in this thread; to count all that was allocated, POST \/sampling\/start\?allocations=1, .*startSampling\({ allocations: true }\)/)
  }
  for (const [target, status, why] of [
    ['/pprof/nothing', 404, /\/pprof\/heap/], ['/pprof/profile?second=1', 400, /did you mean seconds/], ['/pprof/profile?seconds=1e9', 400, /up to 300/], ['/pprof/heap?debug=x', 400, /integer/]
  ]) {
    const answer = await request('GET', target)
    assert.equal(answer.status, status)
    assert.equal(answer.headers['x-go-pprof'], '1')
    assert.match(String(answer.body), why)
  }
  const post = await request('POST', '/pprof/heap')
  assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD'])
})

test('HEAD captures nothing', async (t) => {
  const { request } = await serve(t)
  sample(t)
  for (const name of ['heap', 'profile']) {
    const { status, headers, body } = await request('HEAD', `/pprof/${name}`)
    assert.deepEqual([status, headers['content-type'], body.length], [200, 'application/octet-stream', 0])
  }
})

test('the token may be a password, whoever the user is', async (t) => {
  const { request } = await serve(t)
  for (const user of ['', 'pprof', 'a b']) assert.equal((await request('GET', '/pprof/', password(TOKEN, user))).status, 200)
  assert.equal((await request('GET', '/status', password(TOKEN))).status, 200)
  const wrong = [password('wrong'), password(''), password(`${TOKEN}x`), password(TOKEN.slice(1)), { headers: { authorization: `Basic ${TOKEN}` }, token: null },
    { headers: { authorization: 'Basic' }, token: null }, { headers: { authorization: `Basic ${Buffer.from(TOKEN.slice(1)).toString('base64')}` }, token: null }, { token: null }]
  for (const options of wrong) {
    const { status, headers, body } = await request('GET', '/pprof/heap', options)
    assert.equal(status, 401, JSON.stringify(options))
    assert.match(headers['www-authenticate'], /^Bearer .*, Basic /)
    assert.equal(headers['x-go-pprof'], '1')
    assert.match(String(body), /^Authorization is missing or wrong/)
    assert.equal((await request('GET', '/status', options)).headers['www-authenticate'], 'Bearer realm="heapkit"')
  }
})

test('pages of other origins get no capture, though browsers send the password along', async (t) => {
  const { request } = await serve(t)
  const foreign = (more) => ({ ...password(TOKEN), headers: { ...password(TOKEN).headers, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example', ...more } })
  for (const name of ['heap', 'allocs', 'profile']) assert.equal((await request('GET', `/pprof/${name}`, foreign())).status, 403)
  assert.equal((await request('POST', '/sampling/start', foreign())).status, 403)
  assert.equal((await request('GET', '/pprof/heap', foreign({ 'sec-fetch-site': 'same-origin' }))).status, 409)
  const own = await serve(t, { authorize: () => true, trustedOrigins: ['https://ops.example'] })
  const cookies = (origin) => ({ token: null, headers: { cookie: 'session=1', 'sec-fetch-site': 'cross-site', origin } })
  assert.equal((await own.request('GET', '/pprof/heap', cookies('https://evil.example'))).status, 403)
  assert.equal((await own.request('GET', '/pprof/heap', cookies('https://ops.example'))).status, 409)
})

test('a client that goes away ends its capture', async (t) => {
  const { request, start } = await serve(t)
  const begun = nextEvent('start')
  const req = start('GET', '/pprof/profile?seconds=60')
  await begun
  const { capture } = (await request('GET', '/status')).json()
  assert.equal(capture.kind, 'cpu')
  req.destroy()
  await until(async () => (await request('GET', '/status')).json().capture === null, 'the end of the capture')
  // Nothing is left running.
  const session = startCpuProfile()
  await session[Symbol.asyncDispose]()
})

test('files of profiles are asked for in any format', async (t) => {
  const { request, dir } = await serve(t)
  sample(t)
  const named = async (target, format) => {
    const { status, headers, body, json } = await request('POST', target)
    assert.equal(status, 201, String(body))
    assert.equal(json().format, format)
    return await request('GET', headers.location)
  }
  const pprof = await named('/cpu?seconds=0.1&format=pprof', 'pprof')
  assert.equal(pprof.headers['content-type'], 'application/gzip')
  await named('/sampling/capture?format=folded', 'folded')
  await named('/sampling/stop?format=speedscope', 'speedscope')
  assert.deepEqual(ls(dir).map((name) => name.split('.').slice(6).join('.')).sort(), ['folded.gz', 'pb.gz', 'speedscope.json.gz'])
  const list = (await request('GET', '/artifacts')).json()
  assert.deepEqual(list.map(({ kind, format }) => `${kind} ${format}`), ['sampling speedscope', 'sampling folded', 'cpu pprof'])
  for (const [name, type] of [['.pb', 'application/octet-stream'], ['.folded', 'text/plain; charset=utf-8'], ['.speedscope.json', 'application/json']]) {
    const artifact = list.find((one) => one.name.endsWith(`${name}.gz`))
    const { headers } = await request('GET', `/artifacts/${artifact.name}`, { headers: { 'accept-encoding': 'gzip' } })
    assert.deepEqual([headers['content-type'], headers['content-encoding']], [type, 'gzip'])
    assert.match(headers['content-disposition'], new RegExp(`${name.replaceAll('.', '\\.')}"$`))
  }
  const wrong = await request('POST', '/cpu?seconds=0.1&format=heapprofile')
  assert.deepEqual([wrong.status, wrong.json().code], [400, 'HEAPKIT_ERR_INVALID_OPTION'])
  assert.equal((await request('POST', '/timeline?seconds=0.1&format=pprof')).status, 400)
})

test('HEAPKIT_SAMPLING=1 starts with the process what /pprof/heap reads', async (t) => {
  const dir = tmpDir(t)
  const script = path.join(dir, 'app.js')
  fs.writeFileSync(script, `const { createHandler } = require(${JSON.stringify(path.join(__dirname, '..'))})
    require('node:http').createServer(createHandler({ token: 'sesame' })).listen(0, '127.0.0.1', function () { console.log('port ' + this.address().port) })`)
  const node = ['--require', path.join(__dirname, '..', 'lib', 'register.js')]
  const app = run(t, path.relative(path.join(__dirname, 'fixtures'), script), { node, env: { HEAPKIT_SAMPLING: '64k' } })
  const [, port] = await app.line(/^port (\d+)$/m)
  const profile = await profileOf(t, await client(port).request('GET', '/pprof/heap', password('sesame')))
  assert.equal(profile.defaultType, 'inuse_space')
})

/** A worker with heapkit, in a function `price` most of the time, which keeps more and more. */
async function busyWorker (t) {
  const worker = new Worker(`
    require(${JSON.stringify(path.join(__dirname, '..'))})
    globalThis.prices = []
    function price () { for (let index = 0; index < 1000; index++) prices.push([index]); const until = Date.now() + 20; while (Date.now() < until); }
    setInterval(price, 25)
    require('worker_threads').parentPort.postMessage('there')
  `, { eval: true })
  t.after(() => worker.terminate())
  await once(worker, 'message')
}

test('a CPU profile of all threads says which each sample is of', async (t) => {
  const { request } = await serve(t)
  await busyWorker(t)
  const profile = await profileOf(t, await request('GET', '/pprof/profile?seconds=1&threads=1'))
  assert.match(String(await profile.convert('folded')), /^\[worker \d+\].*;price /m)
  assert.equal((await request('GET', '/pprof/profile?seconds=1&threads=many')).status, 400)
})

test('a session of all threads is read with all of them, also for what became of it', async (t) => {
  const { request } = await serve(t)
  await busyWorker(t)
  assert.equal((await request('POST', '/sampling/start?threads=1&sampleInterval=1024')).status, 201)
  const stacks = async (query) => String(await (await profileOf(t, await request('GET', `/pprof/heap${query}`))).convert('folded'))
  // The worker begins when it comes to its event loop.
  while (!/^\[worker \d+\].*;price /m.test(await stacks('')));
  assert.match(await stacks('?seconds=1'), /^\[worker \d+\].*;price /m)
  const { status } = await request('POST', '/sampling/stop?format=heapprofile')
  assert.equal(status, 400)
  assert.equal((await request('POST', '/sampling/stop')).json().format, 'pprof')
})
