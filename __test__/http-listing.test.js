'use strict'

// The list of artifacts: pages that add up, whatever comes and goes meanwhile, and one reading for all who ask at once.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const native = require('../lib/native')
const { tmpDir } = require('./support')
const { listArtifacts } = require('..')
const { serve } = require('./http-support')

const nameOf = (number) => `Heap.20260101.${String(number).padStart(6, '0')}.1.0.001.heapprofile.gz`

function plant (dir, count, from = 0) {
  for (let number = from; number < from + count; number++) fs.writeFileSync(path.join(dir, nameOf(number)), 'x'.repeat(number % 7))
}

/** The names on a page, and where the next one is. */
async function page (request, target) {
  const answer = await request('GET', target)
  assert.equal(answer.status, 200, answer.body.toString())
  const next = /^<(\?[^>]+)>; rel="next"$/.exec(answer.headers.link ?? '')?.[1]
  assert.equal(answer.headers.link === undefined, next === undefined, answer.headers.link)
  return { names: answer.json().map(({ name }) => name), next, artifacts: answer.json() }
}

async function pages (request, target, between = () => {}) {
  const all = []
  for (let next = target; next !== undefined;) {
    const { names, next: after } = await page(request, next)
    all.push(names)
    next = after && `/artifacts${after}`
    await between(all)
  }
  return all
}

test('pages add up to the whole, newest first, and say the same as listArtifacts()', async (t) => {
  const { request, dir } = await serve(t)
  plant(dir, 25)
  const newestFirst = Array.from({ length: 25 }, (_, at) => nameOf(24 - at))
  for (const limit of [1, 7, 24, 25, 26, 1000]) {
    const all = await pages(request, `/artifacts?limit=${limit}`)
    assert.deepEqual(all.flat(), newestFirst)
    assert.ok(all.every((names) => names.length <= limit && names.length > 0))
  }
  const { artifacts } = await page(request, '/artifacts')
  const listed = await listArtifacts(dir)
  assert.deepEqual(artifacts.map(({ name, ...rest }) => rest).sort((a, b) => a.path < b.path ? -1 : 1), listed.sort((a, b) => a.path < b.path ? -1 : 1))
  assert.equal(artifacts[0].createdAt, new Date(2026, 0, 1, 0, 0, 24).toISOString())
})

test('without a limit a page has 100', async (t) => {
  const { request, dir } = await serve(t)
  plant(dir, 101)
  const [first, second] = await pages(request, '/artifacts')
  assert.deepEqual([first.length, second.length], [100, 1])
  assert.equal((await request('HEAD', '/artifacts')).headers.link, `<?limit=100&after=${nameOf(1)}>; rel="next"`)
})

test('files that come and go between pages make none of the others appear twice or not at all', async (t) => {
  const { request, dir } = await serve(t)
  plant(dir, 12, 100)
  const stays = (names) => names.filter((name) => !removed.includes(name))
  const removed = []
  const all = await pages(request, '/artifacts?limit=4', (sofar) => {
    if (sofar.length > 1) return
    // A newer one; an older one; the very name that the next page begins after; one that is still to come.
    plant(dir, 1, 200)
    plant(dir, 1, 50)
    for (const name of [sofar[0].at(-1), nameOf(102)]) {
      fs.unlinkSync(path.join(dir, name))
      removed.push(name)
    }
  })
  const expected = Array.from({ length: 12 }, (_, at) => nameOf(111 - at))
  assert.deepEqual(stays(all.flat()), [...stays(expected), nameOf(50)])
})

test('a wrong limit or name is 400', async (t) => {
  const { request } = await serve(t)
  for (const query of ['limit=0', 'limit=1001', 'limit=-1', 'limit=', 'limit=all', 'after=', 'after=x', 'after=../x', 'after=%0d%0aX-Y:1', 'limit=1&limit=2', 'before=x', `after=${nameOf(1)}%00`]) {
    assert.equal((await request('GET', `/artifacts?${query}`)).status, 400, query)
  }
  assert.deepEqual((await request('GET', `/artifacts?after=${nameOf(1)}`)).json(), [])
})

test('however many ask at once, a directory is read by one at a time, and by those who asked meanwhile together', async (t) => {
  const { request, dir } = await serve(t)
  plant(dir, 30)
  const { readDirectory } = native
  let under = 0
  let calls = 0
  let release
  const held = new Promise((resolve) => { release = resolve })
  t.mock.method(native, 'readDirectory', async (...args) => {
    calls++
    assert.equal(++under, 1, 'one at a time')
    if (calls === 1) await held
    try {
      return await readDirectory(...args)
    } finally {
      under--
    }
  })
  let arrived = 0
  const there = await serve(t, { dir, authorize: () => { if (++arrived === 60) setImmediate(release); return true } })
  const answers = await Promise.all(Array.from({ length: 60 }, (_, at) => there.request('GET', at % 2 ? '/status' : '/artifacts', { token: null })))
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  // The first one, and one for all who came while that was under way: it may have passed what they had just written.
  assert.equal(calls, 2)
  for (const [at, answer] of answers.entries()) {
    if (at % 2) assert.equal(answer.json().artifacts.count, 30)
    else assert.equal(answer.json().length, 30)
  }
  await request('GET', '/artifacts')
  assert.equal(calls, 3)
})

test('who asks while a directory is read sees what was there when they asked', async (t) => {
  const { request, dir } = await serve(t)
  const { readDirectory } = native
  let first = true
  let late
  t.mock.method(native, 'readDirectory', async (...args) => {
    const listing = await readDirectory(...args)
    if (!first) return listing
    first = false
    // Read already, but not answered yet.
    plant(dir, 1)
    late = request('GET', '/artifacts')
    await new Promise((resolve) => setTimeout(resolve, 50))
    return listing
  })
  assert.deepEqual((await request('GET', '/artifacts')).json(), [])
  assert.equal((await late).json().length, 1)
})

test('the status does not wait for a directory that does not answer, and knows it again when it does', { timeout: 60_000 }, async (t) => {
  const { request, dir } = await serve(t)
  plant(dir, 1)
  const { readDirectory } = native
  let release
  t.mock.method(native, 'readDirectory', async (...args) => {
    await new Promise((resolve) => { release = resolve })
    return await readDirectory(...args)
  }, { times: 1 })
  for (const { status, json } of await Promise.all([request('GET', '/status'), request('GET', '/status')])) {
    const { artifacts, freeDiskBytes, capture, dir: there, memory } = json()
    assert.deepEqual([status, artifacts, freeDiskBytes, capture, there], [200, null, null, null, dir])
    assert.ok(memory.rss > 0)
  }
  release()
  const { artifacts, freeDiskBytes } = (await request('GET', '/status')).json()
  assert.deepEqual(artifacts, { count: 1, bytes: 0 })
  assert.ok(freeDiskBytes > 0)
})

test('a directory that cannot be read is 500 for all who ask, and the next one may', async (t) => {
  const dir = path.join(tmpDir(t), 'file')
  fs.writeFileSync(dir, '')
  const { request } = await serve(t, { dir })
  for (const answer of await Promise.all(Array.from({ length: 5 }, () => request('GET', '/artifacts')))) {
    assert.deepEqual([answer.status, answer.json().code], [500, 'HEAPKIT_ERR_IO'])
  }
  fs.unlinkSync(dir)
  assert.deepEqual((await request('GET', '/artifacts')).json(), [])
})
