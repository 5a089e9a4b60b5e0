'use strict'

// What an operator allows: how long captures may be under way, and how snapshots are taken. A client can ask for less, never for more.

const assert = require('node:assert/strict')
const net = require('node:net')
const path = require('node:path')
const { test } = require('node:test')
const zlib = require('node:zlib')
const fs = require('node:fs')
const { linux } = require('./needs')
const { ls, until, heapkitError } = require('./support')
const { createHandler } = require('..')
const { TOKEN, serve, nextEvent } = require('./http-support')

const SLOW = { compression: 'zstd', level: 15 }

function assertProblem (answer, status, code, detail = /./) {
  assert.equal(answer.status, status, answer.body.toString())
  assert.equal(answer.headers['content-type'], 'application/problem+json')
  const problem = answer.json()
  assert.equal(problem.code, code)
  assert.match(problem.detail, detail)
}

async function assertFree ({ request, dir }) {
  assert.equal((await request('GET', '/status')).json().capture, null)
  await until(() => ls(dir).length === 0, 'an empty directory')
  assert.equal((await request('POST', '/cpu?seconds=0.01')).status, 201)
}

test('wrong options of snapshots and limits are refused by name', () => {
  for (const [option, value, name = option] of [
    ['timeoutMs', 0], ['timeoutMs', -1], ['timeoutMs', 1.5], ['timeoutMs', '1000'], ['timeoutMs', Infinity], ['timeoutMs', 2 ** 31],
    ['mode', 'twin'], ['maxCpu', 2], ['maxCpu', 'all'], ['memory', 7], ['memory', { reserveBytes: -1 }, 'memory.reserveBytes'],
    ['redact', 'yes'], ['redact', { keep: 'x' }, 'redact.keep'], ['redact', { drop: [] }, 'redact.drop'], ['stableIds', true], ['exposeInternals', true], ['file', '/tmp/x']
  ]) {
    assert.throws(() => createHandler({ token: 'a', [option]: value }), (error) => {
      heapkitError('HEAPKIT_ERR_INVALID_OPTION')(error)
      assert.equal(error.option, name, error.message)
      return true
    })
  }
})

// --- time ---

for (const path of ['/snapshot', '/snapshot?download=1']) {
  test(`POST ${path} that takes longer than timeoutMs is 504, and nothing is left of it`, async (t) => {
    const there = await serve(t, { ...SLOW, timeoutMs: 1 })
    assertProblem(await there.request('POST', path), 504, 'HEAPKIT_ERR_TIMEOUT', /timeoutMs/)
    const patient = await serve(t)
    assert.equal((await there.request('GET', '/status')).json().capture, null)
    assert.deepEqual(ls(there.dir), [])
    assert.equal((await patient.request('POST', path)).status, path === '/snapshot' ? 201 : 200)
  })
}

test('a profile that cannot be written within timeoutMs is 504; a sampling session keeps what it has', async (t) => {
  const there = await serve(t, { timeoutMs: 1 })
  const patient = await serve(t)
  const { request } = there
  // Whoever opens an output looks through the directory first, which takes longer than that.
  const others = Array.from({ length: 20_000 }, (_, number) => `other-${number}`)
  for (const name of others) fs.writeFileSync(path.join(there.dir, name), '')
  assert.equal((await request('POST', '/sampling/start')).status, 201)
  for (const route of ['/cpu?seconds=0.01', '/sampling/capture', '/sampling/stop']) {
    assertProblem(await request('POST', route), 504, 'HEAPKIT_ERR_TIMEOUT', /not complete after 1 ms/)
  }
  await until(() => ls(there.dir).length === others.length, 'what was begun to be gone')
  assert.equal((await patient.request('POST', '/sampling/stop')).status, 201)
  for (const name of others) fs.unlinkSync(path.join(there.dir, name))
  await assertFree({ request: patient.request, dir: there.dir })
})

test('the seconds of a capture do not count', async (t) => {
  const { request } = await serve(t, { timeoutMs: 2900 })
  assert.equal((await request('POST', '/cpu?seconds=3')).status, 201)
})

test('a client may ask for a shorter limit, not for a longer one', async (t) => {
  const there = await serve(t, { ...SLOW, timeoutMs: 60_000 })
  const { request } = there
  for (const path of ['/snapshot?', '/snapshot?download=1&', '/cpu?seconds=0.01&', '/sampling?seconds=0.01&', '/timeline?seconds=0.01&', '/sampling/capture?', '/sampling/stop?']) {
    for (const wrong of ['60001', '0', '-1', '1e3', '', '1.5', '9'.repeat(20)]) {
      assertProblem(await request('POST', `${path}timeoutMs=${wrong}`), 400, undefined, /timeoutMs.*from 1 to 60000/)
    }
  }
  assert.deepEqual(ls(there.dir), [])
  assertProblem(await request('POST', '/snapshot?timeoutMs=1'), 504, 'HEAPKIT_ERR_TIMEOUT')
  assert.equal((await request('POST', '/cpu?seconds=0.01&timeoutMs=60000')).status, 201)
})

test('by default a capture ends after 15 minutes', async (t) => {
  const { request } = await serve(t)
  assertProblem(await request('POST', '/snapshot?timeoutMs=900001'), 400, undefined, /from 1 to 900000/)
  assert.equal((await request('POST', '/cpu?seconds=0.01&timeoutMs=900000')).status, 201)
})

test('a download that its client takes too slowly ends, does not look complete, and leaves the slot free', async (t) => {
  // Inline, the capture is complete although nobody reads: what is not taken waits in a file.
  const there = await serve(t, { mode: 'inline', compression: 'none', timeoutMs: 4000 })
  globalThis.ballast = Array.from({ length: 1000 }, (_, at) => Buffer.alloc(30_000, `${at} `).toString('latin1'))
  t.after(() => delete globalThis.ballast)
  const socket = net.connect(there.port, '127.0.0.1')
  socket.write(`POST /snapshot?download=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`)
  await nextEvent('start')
  let last = ''
  await new Promise((resolve) => {
    // Never so little that it would count as taking nothing at all.
    socket.on('data', (bytes) => {
      last = (last + bytes.toString('latin1')).slice(-5)
      socket.pause()
      setTimeout(() => socket.resume(), 100)
    }).on('error', resolve).on('end', resolve)
  })
  await until(async () => (await there.request('GET', '/status')).json().capture === null, 'the end of the capture')
  assert.notEqual(last, '0\r\n\r\n')
  assert.equal((await there.request('POST', '/cpu?seconds=0.01')).status, 201)
})

// --- snapshots ---

test('a handler that redacts does so whatever its clients ask, and says so', async (t) => {
  const { request } = await serve(t, { redact: { keep: [/^quokka/] } })
  globalThis.secretOfTheTest = ['wombat', 'passphrase'].join(' ')
  globalThis.keptByTheTest = ['quokka', 'name'].join(' ')
  t.after(() => { delete globalThis.secretOfTheTest; delete globalThis.keptByTheTest })
  const check = (text) => assert.ok(!text.includes('wombat passphrase') && text.includes('quokka name'))
  for (const path of ['/snapshot', '/snapshot?redact=1', '/snapshot?redact=0', '/snapshot?redact=strict', '/timeline?seconds=0.01', '/timeline?seconds=0.01&redact=0']) {
    const artifact = (await request('POST', path)).json()
    assert.ok(artifact.redacted.replacedContents > 0 && artifact.redacted.keptByPattern > 0, path)
    assert.equal(artifact.redacted.strict, path.endsWith('strict'))
    check(zlib.gunzipSync(fs.readFileSync(artifact.path)))
  }
  for (const [asked, answered] of [['', '1'], ['&redact=1', '1'], ['&redact=false', '1'], ['&redact=strict', 'strict']]) {
    const { headers, body } = await request('POST', `/snapshot?download=1${asked}`)
    assert.equal(headers['heapkit-redacted'], answered, asked)
    check(zlib.gunzipSync(body))
  }
  assert.equal((await request('GET', '/status')).json().redact, true)
  assert.equal((await request('POST', '/cpu?seconds=0.01')).json().redacted, undefined)
})

test('without redact a client decides', async (t) => {
  const { request } = await serve(t, { redact: false })
  assert.ok((await request('POST', '/snapshot?redact=1')).json().redacted)
  assert.equal((await request('POST', '/snapshot?redact=0')).json().redacted, undefined)
  assert.equal((await request('POST', '/timeline?seconds=0.01')).json().redacted, undefined)
  assert.ok((await request('POST', '/timeline?seconds=0.01&redact=1')).json().redacted)
  assert.equal((await request('POST', '/snapshot?download=1')).headers['heapkit-redacted'], undefined)
  assert.equal((await request('GET', '/status')).json().redact, false)
  assertProblem(await request('POST', '/snapshot?redacted=1'), 400, undefined, /Unknown parameter "redacted"; did you mean redact\?/)
  assertProblem(await request('POST', '/snapshot?redact=all'), 400, undefined, /redact must be 1, 0 or strict; got "all"/)
})

test('mode, memory and maxCpu hold for every snapshot of the handler', { skip: linux('fork') }, async (t) => {
  const inline = await serve(t, { mode: 'inline' })
  assert.equal((await inline.request('POST', '/snapshot')).json().mode, 'inline')
  const held = await serve(t, { maxCpu: 0.9, memory: { reserveBytes: 1024 * 1024 } })
  assert.equal((await held.request('POST', '/snapshot')).json().mode, 'fork')
  const full = await serve(t, { memory: { reserveBytes: 2 ** 50 } })
  for (const path of ['/snapshot', '/snapshot?download=1']) assertProblem(await full.request('POST', path), 503, 'HEAPKIT_ERR_MEMORY', /reserveBytes|memory/)
  for (const query of ['mode=inline', 'memory=1', 'maxCpu=1']) assertProblem(await full.request('POST', `/snapshot?${query}`), 400, undefined, /Unknown parameter/)
})
