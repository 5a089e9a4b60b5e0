'use strict'

// Artifacts over HTTP: listed, fetched and deleted by their names, and nothing else, however a path is written.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const vm = require('node:vm')
const zlib = require('node:zlib')
const { posix } = require('./needs')
const { tmpDir, ls, until, isOpen } = require('./support')
const { createHandler, startCpuProfile } = require('..')
const { TOKEN, listen, serve } = require('./http-support')

const NAME = 'Heap.20261120.213000.4242.0.001.heapsnapshot.gz'
const BARE = 'Heap.20261120.213000.4242.0.001.heapsnapshot'
const TEXT = '{"snapshot":{}}'
const CANARY = 'CANARY-2f6c1a'

/** A server on ROOT/a/b with one artifact, and canaries around it. */
async function serveCanaries (t, options) {
  const root = tmpDir(t)
  const dir = path.join(root, 'a', 'b')
  fs.mkdirSync(dir, { recursive: true })
  fs.mkdirSync(path.join(root, 'etc'))
  fs.writeFileSync(path.join(dir, NAME), zlib.gzipSync(TEXT))
  const canaries = ['etc/passwd', `a/${NAME}`, NAME, 'a/b/notes.txt', `a/b/${NAME}.heapkit-12-0123456789abcdef.partial`].map((file) => path.join(root, file))
  for (const canary of canaries) fs.writeFileSync(canary, CANARY)
  const there = await serve(t, { ...options, dir })
  const send = (method, target) => there.raw(Buffer.from(
    `${method} ${target} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`, 'latin1'))
  return { ...there, dir, canaries, send }
}

/** Every file that the handler opens or removes from here on. */
function watchFiles (t) {
  const touched = []
  for (const method of ['open', 'unlink', 'lstat']) {
    const original = fs.promises[method]
    t.mock.method(fs.promises, method, (file, ...rest) => {
      touched.push(String(file))
      return original(file, ...rest)
    })
  }
  return touched
}

function traversals (name) {
  const up = ['..', '%2e%2e', '%2E%2E', '.%2e', '%2e.', '%252e%252e', '%25252e%25252e', '%c0%ae%c0%ae', '%e0%80%ae%e0%80%ae', '%f0%80%80%ae%f0%80%80%ae',
    '%c0%2e%c0%2e', '%u002e%u002e', '%ef%bc%8e%ef%bc%8e', '..%00', '%00..', '..;', '....', '..%20', '..%09', '%2e%2e%00']
  const slash = ['/', '%2f', '%2F', '%252f', '%25252f', '\\', '%5c', '%5C', '%255c', '%c0%af', '%e0%80%af', '%c1%9c', '%u2215', '%ef%bc%8f',
    '//', '/./', '%00/', '/%00']
  const paths = []
  for (const dots of up) {
    for (const to of slash) {
      paths.push(`/artifacts/${dots}${to}${dots}${to}etc${to}passwd`, `/artifacts/${dots}${to}${name}`)
      paths.push(`/artifacts${to}${dots}${to}${dots}${to}etc${to}passwd`)
    }
  }
  return paths
}

const TRICKS = [
  '/artifacts/../../etc/passwd', '/../../etc/passwd', '/artifacts//etc/passwd', '/artifacts/%2fetc%2fpasswd', '/artifacts//../../etc/passwd',
  '/artifacts/file:///etc/passwd', '/artifacts/file:%2f%2f%2fetc%2fpasswd', '/artifacts/notes.txt', '/artifacts/./notes.txt', '/artifacts/.', '/artifacts/..',
  '/artifacts/%2e', '/artifacts/%2e%2e', '/artifacts/%2e%2e/', '/artifacts/~', '/artifacts/%', '/artifacts/%2', '/artifacts/%zz', '/artifacts/%ff', '/artifacts/%00',
  `/artifacts/./${NAME}`, `/artifacts/%2e/${NAME}`, `/artifacts/%2e%2f${NAME}`, `/artifacts//${NAME}`, `/artifacts/x/../${NAME}`, `/x/../artifacts/${NAME}`,
  `//artifacts/${NAME}`, `/./artifacts/${NAME}`, `/artifacts/../b/${NAME}`, `/artifacts/..%2fb%2f${NAME}`, `/artifacts/${NAME}/`, `/artifacts/${NAME}/.`, `/artifacts/${NAME}/..`,
  `/artifacts/${NAME}%2f..`, `/artifacts/${NAME}.`, `/artifacts/${NAME}..`, `/artifacts/${NAME}%2e`, `/artifacts/${NAME}%20`, `/artifacts/%20${NAME}`, `/artifacts/${NAME}%00`,
  `/artifacts/${NAME}%00.gz`, `/artifacts/${NAME}%0a`, `/artifacts/${NAME}%0d%0aX-Y:1`, `/artifacts/${NAME};x`, `/artifacts/${NAME}:$DATA`, `/artifacts/${NAME}%3a%3a$DATA`,
  `/artifacts/${NAME}~1`, `/artifacts/${NAME}.heapkit-12-0123456789abcdef.partial`, `/artifacts/${NAME}.gz`, `/artifacts/${NAME.toLowerCase()}`,
  `/artifacts/${NAME.replace('.heap', '%252eheap')}`, `/artifacts/${NAME}#`, `/artifacts/${NAME}#/../../etc/passwd`, `/%61rtifacts/../${NAME}`, `/artifacts%2f${NAME}`,
  `/artifacts\\${NAME}`, `/ARTIFACTS/${NAME}`, `/artifacts;/${NAME}`, `/artifacts/${NAME}%3Fx`,
  'http://127.0.0.1/artifacts/../../etc/passwd', `http://127.0.0.1/artifacts/../${NAME}`, `http://127.0.0.1/artifacts/${NAME}`, 'http:///etc/passwd', 'file:///etc/passwd'
]

test('the artifact is there under its exact name, which may be percent-encoded', async (t) => {
  const { send } = await serveCanaries(t)
  for (const target of [NAME, NAME.replaceAll('.', '%2e'), NAME.replace('H', '%48')]) {
    assert.match(await send('GET', `/artifacts/${target}`), /^HTTP\/1\.1 200 /)
  }
})

for (const [kind, list] of [['dots and slashes in every encoding', traversals(NAME)], ['paths that look like an artifact', TRICKS]]) {
  for (const method of ['GET', 'HEAD', 'DELETE']) {
    test(`${method} of ${kind} is 404, and no file is touched`, async (t) => {
      const { send, canaries, dir } = await serveCanaries(t)
      const before = ls(dir)
      const touched = watchFiles(t)
      for (let at = 0; at < list.length; at += 50) {
        await Promise.all(list.slice(at, at + 50).map(async (target) => {
          const answer = await send(method, target)
          assert.match(answer, /^HTTP\/1\.1 404 /, `${method} ${target}\n${answer}`)
          assert.ok(!answer.includes(CANARY), target)
        }))
      }
      assert.deepEqual(touched, [])
      for (const canary of canaries) assert.equal(fs.readFileSync(canary, 'utf8'), CANARY)
      assert.deepEqual(ls(dir), before)
    })
  }
}

test('the same under a prefix, which cannot be walked around either', async (t) => {
  const prefix = '/debug/heapkit'
  const { send } = await serveCanaries(t, { prefix })
  const touched = watchFiles(t)
  for (const target of [
    ...TRICKS.map((trick) => prefix + trick), `${prefix}x/artifacts/${NAME}`, `${prefix}/../heapkit/artifacts/${NAME}`, `/debug/./heapkit/artifacts/${NAME}`,
    `/debug//heapkit/artifacts/${NAME}`, `/${prefix}/artifacts/${NAME}`, `/debug%2fheapkit/artifacts/${NAME}`, `/debug/heapki%74/artifacts/${NAME}`,
    `/artifacts/${NAME}`, `${prefix}/..${prefix}/artifacts/${NAME}`, `${prefix}${prefix}/artifacts/${NAME}`, `http://x${prefix}/artifacts/${NAME}`, `${prefix}/artifacts/../../etc/passwd`
  ]) {
    assert.match(await send('GET', target), /^HTTP\/1\.1 404 /, target)
  }
  assert.deepEqual(touched, [])
  assert.match(await send('GET', `${prefix}/artifacts/${NAME}`), /^HTTP\/1\.1 200 /)
  assert.deepEqual(touched.length, 1)
})

test('bytes that no URL has do not get through the HTTP parser, and are 404 behind it', async (t) => {
  const { send, dir } = await serveCanaries(t)
  const handler = createHandler({ token: TOKEN, dir })
  const { request } = await listen(t, (req, res) => {
    req.url = Buffer.from(req.headers['x-url'], 'base64').toString('latin1')
    handler(req, res)
  })
  const touched = watchFiles(t)
  for (const target of [
    `/artifacts/${NAME}\0`, '/artifacts/..\0/etc/passwd', '/artifacts/\xc0\xae\xc0\xae\xc0\xafetc\xc0\xafpasswd', `/artifacts/\xc0\xae\xc0\xae/${NAME}`,
    `/artifacts/\xc0\xae\xc0\xae\xc0\xaf${NAME}`, `/artifacts/${NAME}\xff`, `/artifacts/${NAME}\n`
  ]) {
    // The parser of Node 20.18 lets some of them through.
    assert.match(await send('GET', target), /^HTTP\/1\.1 40[04] /)
    for (const method of ['GET', 'DELETE']) {
      const answer = await request(method, '/', { headers: { 'x-url': Buffer.from(target, 'latin1').toString('base64') } })
      assert.equal(answer.status, 404, target)
    }
  }
  assert.deepEqual(touched, [])
  assert.ok(ls(dir).includes(NAME))
})

test('an artifact that is not there is 404', async (t) => {
  const { request } = await serveCanaries(t)
  for (const name of [BARE, `${BARE}.zst`, NAME.replace('001', '002')]) {
    for (const method of ['GET', 'HEAD', 'DELETE']) assert.equal((await request(method, `/artifacts/${name}`)).status, 404)
  }
})

test('links, directories and pipes with the name of an artifact are not listed, not served and not deleted', { skip: posix('links and pipes') }, async (t) => {
  const { request, dir, canaries } = await serveCanaries(t)
  const names = ['010', '011', '012', '013', '014'].map((sequence) => `Heap.20261120.213000.4242.0.${sequence}.heapsnapshot`)
  const [link, folder, pipe, linkToFolder, dangling] = names.map((name) => path.join(dir, name))
  fs.symlinkSync(canaries[0], link)
  fs.mkdirSync(folder)
  fs.writeFileSync(path.join(folder, NAME), CANARY)
  execFileSync('mkfifo', [pipe])
  fs.symlinkSync(path.join(dir, '..'), linkToFolder)
  fs.symlinkSync(path.join(dir, 'nowhere'), dangling)
  const before = ls(dir)
  for (const name of names) {
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      const answer = await request(method, `/artifacts/${name}`)
      assert.equal(answer.status, 404, `${method} ${name}`)
      assert.ok(!answer.body.includes(CANARY))
    }
  }
  assert.deepEqual((await request('GET', '/artifacts')).json().map(({ name }) => name), [NAME])
  assert.deepEqual(ls(dir), before)
  assert.equal(fs.readFileSync(canaries[0], 'utf8'), CANARY)
})

test('artifacts are listed with name, kind and size', async (t) => {
  const { request, dir } = await serve(t)
  assert.deepEqual((await request('GET', '/artifacts')).json(), [])
  const { name } = (await request('POST', '/cpu?seconds=0.01')).json()
  fs.writeFileSync(path.join(dir, 'notes.txt'), CANARY)
  const answer = await request('GET', '/artifacts')
  assert.equal(answer.headers['content-type'], 'application/json')
  assert.equal(answer.headers['cache-control'], 'no-store')
  const [one, ...rest] = answer.json()
  assert.deepEqual(rest, [])
  assert.equal(one.name, name)
  assert.deepEqual([one.kind, one.format, one.compression, one.pid, one.threadId], ['cpu', 'cpuprofile', 'gzip', process.pid, 0])
  assert.equal(one.path, path.join(dir, name))
  assert.equal(one.bytes, fs.statSync(one.path).size)
  assert.ok(!Number.isNaN(Date.parse(one.createdAt)))
})

test('a client that accepts gzip gets the bare name and Content-Encoding', async (t) => {
  const { request } = await serveCanaries(t)
  for (const accept of ['gzip', 'GZIP', 'deflate, gzip;q=0.5, br', '*', 'br, *;q=0.1', '*;q=0, gzip', 'gzip;q=0.001']) {
    const answer = await request('GET', `/artifacts/${NAME}`, { headers: { 'accept-encoding': accept } })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['content-encoding'], 'gzip', accept)
    assert.equal(answer.headers['content-type'], 'application/json')
    assert.equal(answer.headers['content-disposition'], `attachment; filename="${BARE}"`)
    assert.equal(answer.headers.vary, 'Accept-Encoding')
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.equal(Number(answer.headers['content-length']), answer.body.length)
    assert.equal(zlib.gunzipSync(answer.body).toString(), TEXT)
  }
})

test('any other client gets the .gz file as it is', async (t) => {
  const { request, dir } = await serveCanaries(t)
  for (const accept of [undefined, '', 'identity', 'br, deflate', 'gzip;q=0', 'gzip; q=0.0', '*;q=0', 'gzip;q=0, *', '*, gzip;q=0', 'gzipped']) {
    const answer = await request('GET', `/artifacts/${NAME}`, { headers: accept === undefined ? {} : { 'accept-encoding': accept } })
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['content-encoding'], undefined, accept)
    assert.equal(answer.headers['content-type'], 'application/gzip')
    assert.equal(answer.headers['content-disposition'], `attachment; filename="${NAME}"`)
    assert.deepEqual(answer.body, fs.readFileSync(path.join(dir, NAME)))
  }
})

test('zstd and plain files are sent by the same rule', async (t) => {
  const { request, dir } = await serveCanaries(t)
  fs.writeFileSync(path.join(dir, `${BARE}.zst`), 'packed')
  fs.writeFileSync(path.join(dir, BARE), TEXT)
  for (const [name, accept, encoding, type, saved] of [
    [`${BARE}.zst`, 'gzip, zstd', 'zstd', 'application/json', BARE],
    [`${BARE}.zst`, 'gzip', undefined, 'application/zstd', `${BARE}.zst`],
    [BARE, 'gzip, zstd', undefined, 'application/json', BARE]
  ]) {
    const { headers, body } = await request('GET', `/artifacts/${name}`, { headers: { 'accept-encoding': accept } })
    assert.deepEqual([headers['content-encoding'], headers['content-type']], [encoding, type])
    assert.equal(headers['content-disposition'], `attachment; filename="${saved}"`)
    assert.deepEqual(body, fs.readFileSync(path.join(dir, name)))
  }
})

test('HEAD tells the size and sends nothing', async (t) => {
  const { request, dir } = await serveCanaries(t)
  const answer = await request('HEAD', `/artifacts/${NAME}`, { headers: { 'accept-encoding': 'gzip' } })
  assert.equal(answer.status, 200)
  assert.equal(Number(answer.headers['content-length']), fs.statSync(path.join(dir, NAME)).size)
  assert.equal(answer.headers['content-encoding'], 'gzip')
  assert.equal(answer.body.length, 0)
})

test('an empty file is sent as one', async (t) => {
  const { request, dir } = await serve(t)
  fs.writeFileSync(path.join(dir, NAME), '')
  const answer = await request('GET', `/artifacts/${NAME}`)
  assert.deepEqual([answer.status, answer.headers['content-length'], answer.body.length], [200, '0', 0])
})

test('a file that becomes shorter while it is sent ends the connection', async (t) => {
  const { start, dir } = await serve(t)
  const file = path.join(dir, NAME)
  fs.writeFileSync(file, Buffer.alloc(64 * 1024 * 1024))
  const req = start('GET', `/artifacts/${NAME}`)
  const res = await new Promise((resolve) => req.once('response', resolve))
  fs.truncateSync(file, 1024)
  const error = await new Promise((resolve) => res.on('error', resolve).on('end', resolve).resume())
  assert.equal(error?.code, 'ECONNRESET')
  assert.equal(res.complete, false)
})

test('DELETE removes one artifact, once', async (t) => {
  const { request, dir } = await serveCanaries(t)
  const before = ls(dir)
  const answer = await request('DELETE', `/artifacts/${NAME}`)
  assert.deepEqual([answer.status, answer.body.length], [204, 0])
  assert.deepEqual(ls(dir), before.filter((name) => name !== NAME))
  for (const method of ['DELETE', 'GET', 'HEAD']) assert.equal((await request(method, `/artifacts/${NAME}`)).status, 404)
})

test('no file stays open, whether the client takes it all or goes away', async (t) => {
  const { request, start, dir } = await serve(t)
  const file = path.join(dir, NAME)
  // More than fits into the buffers of a connection that is not read.
  fs.writeFileSync(file, Buffer.alloc(32 * 1024 * 1024))
  await request('GET', `/artifacts/${NAME}`)
  await request('HEAD', `/artifacts/${NAME}`)
  for (let round = 0; round < 3; round++) {
    const req = start('GET', `/artifacts/${NAME}`)
    const res = await new Promise((resolve) => req.once('response', resolve))
    res.on('error', () => {})
    await new Promise((resolve) => res.once('readable', resolve))
    req.destroy()
  }
  await until(() => !isOpen(file), 'the file to be closed')
})

/** Takes some time in a function whose name, and whose file's, would end a script. */
const HOSTILE = '</script><script>globalThis.owned = 1</script>'

function burnUnder (name) {
  const burn = vm.runInThisContext(`({ ${JSON.stringify(name)} () { const until = process.cpuUsage().user + 100_000; while (process.cpuUsage().user < until); } })`, { filename: `/srv/${name}.js` })
  burn[name]()
}

test('a page has names from anybody and is served for download alone, as a document that may run nothing here', async (t) => {
  const there = await serve(t, { level: 9 })
  const made = await there.request('POST', '/cpu?seconds=0.001&format=flamegraph&sampleInterval=1000000')
  assert.equal(made.status, 201, made.body)
  assert.match(made.json().name, /^CPU\.[\d.]+\.flamegraph\.html\.gz$/)
  const session = startCpuProfile({ sampleInterval: 500 })
  burnUnder(HOSTILE)
  const artifact = await session.stop({ dir: there.dir, format: 'flamegraph' })
  const name = path.basename(artifact.path)
  const answer = await there.request('GET', `/artifacts/${name}`)
  assert.equal(answer.status, 200)
  const { 'content-type': type, 'content-security-policy': policy, 'content-disposition': disposition, 'x-content-type-options': sniff } = answer.headers
  assert.deepEqual({ type, policy, disposition, sniff },
    { type: 'text/html; charset=utf-8', policy: 'sandbox', disposition: `attachment; filename="${name}"`, sniff: 'nosniff' })
  const page = String(answer.body)
  const [, data] = /<script type="application\/json" id="data">([^<]*)<\/script>\n/.exec(page)
  const { strings } = JSON.parse(data)
  assert.ok(strings.includes(HOSTILE) && strings.includes(`/srv/${HOSTILE}.js`), `${strings}`)
  assert.equal(page.match(/<script/g).length, 2, 'its data and its own script')
  // The same, packed.
  const packed = await there.request('GET', `/artifacts/${made.json().name}`, { headers: { 'accept-encoding': 'gzip' } })
  assert.deepEqual([packed.headers['content-type'], packed.headers['content-encoding'], packed.headers['content-security-policy']], ['text/html; charset=utf-8', 'gzip', 'sandbox'])
  assert.equal(packed.headers['content-disposition'], `attachment; filename="${path.basename(made.json().name, '.gz')}"`)
  assert.match(String(zlib.gunzipSync(packed.body)), /^<!doctype html>/)
})
