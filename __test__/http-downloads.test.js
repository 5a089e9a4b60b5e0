'use strict'

// Files that change while they are downloaded, and downloads that break off: what a client gets is whole, or does not look so.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const http = require('node:http')
const http2 = require('node:http2')
const net = require('node:net')
const path = require('node:path')
const { once } = require('node:events')
const { Readable } = require('node:stream')
const { test, describe } = require('node:test')
const compression = require('compression')
const express = require('express')
const { linux, nodeFrom, posix } = require('./needs')
const { tmpDir, until, ls, isOpen } = require('./support')
const { watchClient } = require('../lib/http/client')
const { sendStream } = require('../lib/http/download')
const { createHandler } = require('..')
const { TOKEN, listen, serve, nextEvent } = require('./http-support')

const { NGHTTP2_INTERNAL_ERROR } = http2.constants

const NAME = 'Heap.20261120.213000.4242.0.001.heapsnapshot.gz'
// More than the buffers of a connection hold that nobody reads.
const SIZE = 64 * 1024 * 1024

// Node 20 and 22 as clients report a reset right behind data as an end.
const skip = nodeFrom(24, 'the client of earlier ones does not tell resets')

/**
 * Asks for `target`, does `meanwhile` when the head of the answer is there, and takes all that comes. Answers { head, bytes, error }: the answer's
 * head as text, how much came behind it, and the error of the connection.
 */
async function fetchRaw (where, request, meanwhile) {
  const socket = net.connect(where)
  socket.write(request)
  let head = Buffer.alloc(0)
  let bytes = 0
  let last = Buffer.alloc(0)
  const ended = new Promise((resolve) => socket.on('error', resolve).on('close', () => resolve()))
  while (!head.includes('\r\n\r\n')) {
    await once(socket, 'readable')
    head = Buffer.concat([head, socket.read() ?? Buffer.alloc(0)])
  }
  const end = head.indexOf('\r\n\r\n') + 4
  bytes += head.length - end
  await meanwhile?.()
  socket.on('data', (chunk) => {
    bytes += chunk.length
    last = Buffer.concat([last, chunk]).subarray(-5)
  })
  const error = await ended
  return { head: head.subarray(0, end).toString('latin1'), bytes, error, last: last.toString('latin1') }
}

const get = (version, accept) =>
  `GET /artifacts/${NAME} HTTP/${version}\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n${accept ? `Accept-Encoding: ${accept}\r\n` : ''}\r\n`

const CHANGES = {
  'becomes shorter': (file) => fs.truncateSync(file, 1024),
  'becomes empty': (file) => fs.truncateSync(file, 0),
  'becomes longer': (file) => fs.appendFileSync(file, 'more'),
  'becomes shorter, and as long as before again': (file) => { fs.truncateSync(file, 1024); fs.truncateSync(file, SIZE) },
  'is overwritten': (file) => fs.writeFileSync(file, Buffer.alloc(SIZE, 2), { flag: 'r+' })
}

for (const [change, apply] of Object.entries(CHANGES)) {
  describe(`a file that ${change} while it is downloaded`, () => {
    for (const version of ['1.0', '1.1']) {
      for (const accept of ['', 'gzip']) {
        test(`ends the connection before the last byte: HTTP/${version} ${accept && 'with Content-Encoding'}`, async (t) => {
          const { port, dir, request } = await serve(t)
          const file = path.join(dir, NAME)
          fs.writeFileSync(file, Buffer.alloc(SIZE, 1))
          const { head, bytes } = await fetchRaw({ port }, get(version, accept), () => apply(file))
          assert.match(head, /^HTTP\/1\.1 200 /)
          assert.equal(/\r\nContent-Encoding: gzip\r\n/i.test(head), accept === 'gzip')
          assert.match(head, new RegExp(`\\r\\nContent-Length: ${SIZE}\\r\\n`, 'i'))
          assert.ok(bytes < SIZE, `${bytes} bytes`)
          // The handler goes on, and serves what the file is now.
          const again = await request('GET', `/artifacts/${NAME}`)
          assert.equal(again.body.length, fs.statSync(file).size)
        })
      }
    }

    test('ends the request: HTTP/2', async (t) => {
      const dir = tmpDir(t)
      const file = path.join(dir, NAME)
      fs.writeFileSync(file, Buffer.alloc(SIZE, 1))
      const { session, get } = await overHttp2(t, createHandler({ token: TOKEN, dir }))
      const stream = get(`/artifacts/${NAME}`)
      const [headers] = await once(stream, 'response')
      assert.equal(headers[':status'], 200)
      apply(file)
      assert.equal(await codeOf(stream), NGHTTP2_INTERNAL_ERROR)
      // The connection goes on: it may belong to other requests.
      const [status] = await once(get('/status'), 'response')
      assert.equal(status[':status'], 200)
      assert.equal(session.destroyed, false)
    })
  })
}

/** Takes all that comes; answers the code that the stream was ended with: 0 is well. */
function codeOf (stream) {
  return new Promise((resolve) => stream.on('error', () => {}).on('close', () => resolve(stream.rstCode)).resume())
}

async function overHttp2 (t, listener) {
  const server = http2.createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = http2.connect(`http://127.0.0.1:${server.address().port}`)
  t.after(() => { session.destroy(); server.close() })
  const get = (target, method = 'GET') => session.request({ ':path': target, ':method': method, authorization: `Bearer ${TOKEN}` })
  return { session, get }
}

for (const [change, apply] of [
  ['deleted', (file) => fs.unlinkSync(file)],
  ['replaced by another', (file) => { fs.writeFileSync(`${file}.new`, 'other'); fs.renameSync(`${file}.new`, file) }]
]) {
  test(`a file that is ${change} while it is downloaded is sent as it was, whole`, { skip: posix('an open file is replaced') }, async (t) => {
    const { port, dir } = await serve(t)
    const file = path.join(dir, NAME)
    const contents = Buffer.alloc(SIZE, 'abcdefgh')
    fs.writeFileSync(file, contents)
    const { bytes } = await fetchRaw({ port }, get('1.1'), () => apply(file))
    assert.equal(bytes, SIZE)
  })
}

test('behind compression, where no length is announced, a file that changes does not look complete', async (t) => {
  const dir = tmpDir(t)
  const app = express().use(compression()).use(createHandler({ token: TOKEN, dir }))
  const { port } = await listen(t, app)
  const plain = NAME.replace('.gz', '')
  // What does not compress, so that it does not all fit into buffers.
  fs.writeFileSync(path.join(dir, plain), require('node:crypto').randomBytes(SIZE))
  const ask = get('1.1', 'gzip').replace(NAME, plain)
  const { head, last } = await fetchRaw({ port }, ask, () => fs.truncateSync(path.join(dir, plain), 1024))
  assert.match(head, /\r\nContent-Encoding: gzip\r\n/i)
  assert.match(head, /\r\nTransfer-Encoding: chunked\r\n/i)
  assert.notEqual(last, '0\r\n\r\n')
})

// --- downloads without a length ---

/** A download that breaks off after its first bytes, however it is told to. */
const BREAKS = {
  'its source fails': (res) => sendStream(res, Readable.from((async function * () {
    yield Buffer.alloc(1000)
    throw new Error('broken')
  })())),
  'it is given up': (res) => {
    const giveUp = new AbortController()
    const source = new Readable({ read () { this.push(Buffer.alloc(1000)); if (res.socket.bytesWritten > 0) giveUp.abort() } })
    return sendStream(res, source, { signal: giveUp.signal })
  },
  'it was given up before it began': (res) => sendStream(res, Readable.from([Buffer.alloc(1000)]), { signal: AbortSignal.abort() })
}

for (const [reason, send] of Object.entries(BREAKS)) {
  const respond = (_req, res) => {
    res.writeHead(200)
    res.flushHeaders()
    send(res).catch(() => {})
  }
  test(`over HTTP/1.0 a download is a reset when ${reason}`, { skip }, async (t) => {
    const { port } = await listen(t, respond)
    const { error } = await fetchRaw({ port }, 'GET / HTTP/1.0\r\n\r\n')
    assert.equal(error?.code, 'ECONNRESET')
  })
  test(`over HTTP/1.1 a download has no end when ${reason}`, async (t) => {
    const { port } = await listen(t, respond)
    const { head, last } = await fetchRaw({ port }, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    assert.match(head, /chunked/)
    assert.notEqual(last, '0\r\n\r\n')
  })
  test(`over HTTP/2 a download is an error of its stream when ${reason}`, async (t) => {
    const { get } = await overHttp2(t, respond)
    assert.equal(await codeOf(get('/')), NGHTTP2_INTERNAL_ERROR)
  })
}

test('an operator who ends a download over HTTP/1.0 leaves no part that looks whole', { skip }, async (t) => {
  const { port, request } = await serve(t, { compression: 'zstd', level: 15 })
  const ask = `POST /snapshot?download=1 HTTP/1.0\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`
  const { head, error } = await fetchRaw({ port }, ask, () => request('DELETE', '/capture'))
  assert.match(head, /^HTTP\/1\.1 200 /)
  assert.equal(error?.code, 'ECONNRESET')
})

test('over HTTP/1.0 without TCP, where nothing could be reset, a download is refused and a file is not', { skip: posix('a socket in a directory') }, async (t) => {
  const dir = tmpDir(t)
  const where = path.join(tmpDir(t), 'socket')
  const server = http.createServer(createHandler({ token: TOKEN, dir }))
  server.listen(where)
  await once(server, 'listening')
  t.after(() => server.close())
  const ask = (method, target, version = '1.0') => fetchRaw({ path: where },
    `${method} ${target} HTTP/${version}\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\nConnection: close\r\n\r\n`)
  assert.match((await ask('POST', '/snapshot?download=1')).head, /^HTTP\/1\.1 505 /)
  assert.match((await ask('POST', '/snapshot?download=1', '1.1')).head, /^HTTP\/1\.1 200 /)
  const { head } = await ask('POST', '/cpu?seconds=0.01')
  assert.match(head, /^HTTP\/1\.1 201 /)
  const file = await ask('GET', /\r\nLocation: (.*)\r\n/i.exec(head)[1])
  assert.equal(file.bytes, Number(/\r\nContent-Length: (\d+)\r\n/i.exec(file.head)[1]))
})

test('a snapshot is downloaded over HTTP/2, and cancelled by an operator is an error of the stream', async (t) => {
  const dir = tmpDir(t)
  const { get } = await overHttp2(t, createHandler({ token: TOKEN, dir, compression: 'zstd', level: 15 }))
  const control = await serve(t)
  const stream = get('/snapshot?download=1', 'POST')
  const [headers] = await once(stream, 'response')
  assert.equal(headers[':status'], 200)
  const failed = nextEvent('error')
  const [code] = await Promise.all([codeOf(stream), control.request('DELETE', '/capture')])
  assert.equal((await failed).error.code, 'HEAPKIT_ERR_ABORTED')
  assert.equal(code, NGHTTP2_INTERNAL_ERROR)
  await until(async () => (await control.request('GET', '/status')).json().capture === null, 'the end of the capture')
  assert.deepEqual(ls(dir), [])
})

// --- clients that take nothing ---

/** What becomes of an endless download that `ask(port)` asks for. */
async function outcome (t, createServer, ask) {
  let endless
  const server = createServer()
  const given = new Promise((resolve) => server.on('request', (req, res) => {
    endless = new Readable({ read () { this.push(Buffer.alloc(65536)) } })
    sendStream(res, endless, { patienceMs: 500, signal: watchClient(req, res).signal }).catch(resolve)
  }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => { server.closeAllConnections?.(); server.close() })
  await ask(server.address().port)
  return { error: await given, endless }
}

test('a client that reads nothing is given up', async (t) => {
  const { error, endless } = await outcome(t, http.createServer, (port) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nHost: heapkit\r\n\r\n'))
    socket.on('error', () => {})
    t.after(() => socket.destroy())
  })
  assert.equal(error.code, 'HEAPKIT_ERR_STALLED')
  assert.match(error.message, /took nothing for 0\.5 s while \d+ bytes were waiting/)
  assert.ok(endless.destroyed)
})

test('a client that reads nothing is given up over HTTP/2, whatever else its connection carries', async (t) => {
  const { error, endless } = await outcome(t, http2.createServer, (port) => {
    const session = http2.connect(`http://127.0.0.1:${port}`)
    session.request({ ':path': '/' }).on('error', () => {})
    const pings = setInterval(() => session.ping(() => {}), 20)
    t.after(() => { clearInterval(pings); session.destroy() })
  })
  assert.equal(error.code, 'HEAPKIT_ERR_STALLED')
  assert.ok(endless.destroyed)
})

for (const [name, create, enough, ask] of [
  ['HTTP/1.1', http.createServer, 8 * 1024 * 1024, async (port) => net.connect(port, '127.0.0.1').on('connect', function () { this.write('GET / HTTP/1.1\r\nHost: heapkit\r\n\r\n') })],
  ['HTTP/2', http2.createServer, 128 * 1024, async (port) => http2.connect(`http://127.0.0.1:${port}`).request({ ':path': '/' })]
]) {
  test(`a slow client that takes something now and then is not given up: ${name}`, async (t) => {
    const { error } = await outcome(t, create, async (port) => {
      const stream = (await ask(port)).on('error', () => {})
      let rounds = 0
      let bytes = 0
      stream.on('data', (chunk) => {
        bytes += chunk.length
        // As much as makes a kernel tell the other side that there is room again.
        if (bytes < enough) return
        bytes = 0
        stream.pause()
        // Four times the patience in all.
        if (++rounds === 20) stream.destroy()
        else setTimeout(() => stream.resume(), 100)
      })
      const { session } = stream
      t.after(() => session?.destroy())
    })
    assert.notEqual(error.code, 'HEAPKIT_ERR_STALLED')
  })
}

test('a file is closed when its download is cancelled, however: HTTP/2', { skip: linux('/proc tells open files') }, async (t) => {
  const dir = tmpDir(t)
  const file = path.join(dir, NAME)
  fs.writeFileSync(file, Buffer.alloc(SIZE))
  const { get } = await overHttp2(t, createHandler({ token: TOKEN, dir }))
  for (const leave of [(stream) => stream.close(http2.constants.NGHTTP2_CANCEL), (stream) => stream.close(http2.constants.NGHTTP2_NO_ERROR), (stream) => stream.destroy()]) {
    const stream = get(`/artifacts/${NAME}`).on('error', () => {})
    await once(stream, 'data')
    assert.ok(isOpen(file))
    leave(stream)
    await until(() => !isOpen(file), 'the file to be closed')
  }
})

test('a file is closed when the client goes away whose answer still waits for its turn', { skip: linux('/proc tells open files') }, async (t) => {
  const dir = tmpDir(t)
  const file = path.join(dir, NAME)
  fs.writeFileSync(file, Buffer.alloc(SIZE))
  const handler = createHandler({ token: TOKEN, dir })
  // The first answer never comes, so the second response never gets the connection.
  const { port } = await listen(t, (req, res) => req.url === '/never' || handler(req, res))
  const socket = net.connect(port, '127.0.0.1')
  socket.write(`GET /never HTTP/1.1\r\nHost: x\r\n\r\n${get('1.1')}`)
  await until(() => isOpen(file), 'the download to begin')
  socket.destroy()
  await until(() => !isOpen(file), 'the file to be closed')
})
