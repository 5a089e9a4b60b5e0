'use strict'

// Source maps of captures: a profile names sources from the beginning, wherever captures are asked for, and maps that are missing, broken or on a volume that hangs keep none from its end.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { describe, test } = require('node:test')
const { success } = require('./needs')
const { tmpDir, ls, run, hanging, readArtifact, heapkitError } = require('./support')
const { serve } = require('./http-support')
const { configure, onSignal, openProfile, startCpuProfile, startSampling } = require('..')

const INVALID = 'HEAPKIT_ERR_INVALID_OPTION'

/** Line 2 of the script, from column 9 on, is line 11 of its source; line 3 is line 21 there. */
const SCRIPT = `'use strict'
function b () { const until = process.cpuUsage().user + 100_000; while (process.cpuUsage().user < until); }
function a () { return Array.from({ length: 20_000 }, (_, index) => ({ index })) }
module.exports = { burn: b, allocate: a }
`
const MAP = { version: 3, sources: ['src/work.ts'], names: ['burnForAWhile', 'allocateRows'], mappings: ';SAUAA;SAUAC' }
const NAMED = { cpu: 'burnForAWhile src/work.ts:11', sampling: 'allocateRows src/work.ts:21' }

/** A folder with the script, whose map is `map`, a folder with copies of both, and one for captures. */
function program (t, map = JSON.stringify(MAP)) {
  const [dir, maps, out] = [tmpDir(t), tmpDir(t), tmpDir(t)]
  const script = path.join(dir, 'work.js')
  fs.writeFileSync(script, SCRIPT)
  fs.writeFileSync(`${script}.map`, map)
  for (const name of ['work.js', 'work.js.map']) fs.copyFileSync(path.join(dir, name), path.join(maps, name))
  return { script, maps, out }
}

/** Its functions, new ones each time: V8 would know those that it has optimised before as parts of their caller. */
function load ({ script }) {
  delete require.cache[script]
  return require(script)
}

/** A capture of that program. */
async function take (kind, own, options) {
  const { burn, allocate } = load(own)
  const session = kind === 'cpu' ? startCpuProfile({ sampleInterval: 500 }) : startSampling({ sampleInterval: 1024 })
  if (kind === 'cpu') burn()
  else globalThis.kept = allocate()
  try {
    return await session.stop(options)
  } finally {
    await session._dispose()
  }
}

/** The function of the program that a pprof file names, with its place. */
async function named (kind, file) {
  const profile = await openProfile(file)
  const { rows } = await profile.top({ focus: /work\.(js|ts)$/, top: 1000 })
  return rows.filter(({ place }) => /work\.(js|ts):\d/.test(place)).filter(({ name }) => (kind === 'cpu' ? /^b/ : /^a/).test(name)).map(({ name, place }) => `${name} ${place}`)
}

const asItWas = (kind, { script }) => kind === 'cpu' ? `b ${script}:2` : `a ${script}:3`
const FOUND = { scripts: 1, passedOver: [] }

for (const kind of ['sampling', 'cpu']) {
  describe(`a ${kind} capture`, () => {
    test('names sources where it is told to, in every format', async (t) => {
      const own = program(t)
      for (const format of ['pprof', 'folded', 'speedscope', 'flamegraph']) {
        const artifact = await take(kind, own, { dir: own.out, format, sourceMaps: true, compression: 'gzip' })
        // Node's own scripts have no maps, and those of this test neither.
        assert.deepEqual(artifact.sourceMaps, FOUND, format)
        const text = readArtifact(artifact)
        assert.ok(text.includes(NAMED[kind].split(' ')[0]) && !text.includes(own.script), format)
        if (format === 'pprof') assert.deepEqual(await named(kind, artifact.path), [NAMED[kind]])
      }
      const { sourceMaps, path: file } = await take(kind, own, { dir: own.out, format: 'pprof' })
      assert.equal(sourceMaps, undefined)
      assert.deepEqual(await named(kind, file), [asItWas(kind, own)])
    })

    test('takes maps from folders, of which some may not be there', async (t) => {
      const own = program(t)
      const nowhere = path.join(own.out, 'nowhere')
      for (const sourceMaps of [own.maps, [own.maps], path.relative('.', own.maps)]) {
        const artifact = await take(kind, own, { dir: own.out, format: 'pprof', sourceMaps })
        assert.deepEqual([artifact.sourceMaps, await named(kind, artifact.path)], [FOUND, [NAMED[kind]]])
      }
      const artifact = await take(kind, own, { dir: own.out, format: 'pprof', sourceMaps: [nowhere, own.maps] })
      assert.deepEqual(artifact.sourceMaps, { scripts: 1, passedOver: [{ path: nowhere, reason: 'is no folder' }] })
      assert.deepEqual(await named(kind, artifact.path), [NAMED[kind]])
      const none = await take(kind, own, { dir: own.out, format: 'pprof', sourceMaps: own.out })
      assert.deepEqual([none.sourceMaps, await named(kind, none.path)], [{ scripts: 0, passedOver: [] }, [asItWas(kind, own)]])
    })

    test('is what it was where maps are broken, and says so', async (t) => {
      for (const [map, reason] of [['{', /is no source map/], ['{"version":3,"mappings":"!"}', /no digit of base 64/], ['', /is no source map/]]) {
        const own = program(t, map)
        const artifact = await take(kind, own, { dir: own.out, format: 'pprof', sourceMaps: true })
        assert.equal(artifact.sourceMaps.scripts, 0)
        assert.deepEqual(artifact.sourceMaps.passedOver.map(({ path: file }) => file), [`${own.script}.map`])
        assert.match(artifact.sourceMaps.passedOver[0].reason, reason)
        assert.deepEqual(await named(kind, artifact.path), [asItWas(kind, own)])
      }
    })

    test('takes no name or path that nobody could read', async (t) => {
      const own = program(t, JSON.stringify({ ...MAP, names: MAP.names.map((name) => name.repeat(1000)) }))
      const artifact = await take(kind, own, { dir: own.out, format: 'pprof', sourceMaps: true })
      assert.deepEqual(await named(kind, artifact.path), [`${asItWas(kind, own).split(' ')[0]} ${NAMED[kind].split(' ')[1]}`])
      const far = program(t, JSON.stringify({ ...MAP, sources: ['a/'.repeat(3000) + 'work.ts'] }))
      assert.deepEqual(await named(kind, (await take(kind, far, { dir: far.out, format: 'pprof', sourceMaps: true })).path), [asItWas(kind, far)])
    })

    test('of V8\'s own format is of the scripts: who asks for sources is told what to do, and the session goes on', async (t) => {
      const own = program(t)
      const session = kind === 'cpu' ? startCpuProfile() : startSampling()
      const refused = (error) => error.option === 'sourceMaps' && heapkitError(INVALID, /is for formats other than '\w+profile'.*ask for another `format`, or name sources later \(openProfile/)(error)
      await assert.rejects(session.stop({ dir: own.out, sourceMaps: true }), refused)
      await assert.rejects(session.stop({ dir: own.out, sourceMaps: [] }), heapkitError(INVALID, /`sourceMaps` must be true .*, or a folder that has maps/))
      assert.throws(() => onSignal('SIGWINCH', kind, { sourceMaps: true }), refused)
      // What the process wants is for what can have it.
      configure({ sourceMaps: own.maps })
      t.after(() => configure({}))
      assert.equal((await session.stop({ dir: own.out, sourceMaps: false })).sourceMaps, undefined)
      const artifact = await take(kind, own, { dir: own.out, format: 'pprof' })
      assert.deepEqual([artifact.sourceMaps, await named(kind, artifact.path)], [FOUND, [NAMED[kind]]])
      assert.equal((await take(kind, own, { dir: own.out, format: 'pprof', sourceMaps: false })).sourceMaps, undefined)
    })
  })
}

test('snapshots and timelines know no such option', async (t) => {
  const { takeSnapshot } = require('..')
  await assert.rejects(takeSnapshot({ dir: tmpDir(t), sourceMaps: true }), heapkitError(INVALID, /`sourceMaps` is not known here/))
})

test('a relative folder that the process wants is where it was then', async (t) => {
  const own = program(t)
  const before = process.cwd()
  process.chdir(path.dirname(own.maps))
  t.after(() => process.chdir(before))
  configure({ sourceMaps: [path.basename(own.maps)], format: 'pprof' })
  t.after(() => configure({}))
  process.chdir(own.out)
  assert.deepEqual((await take('cpu', own, { dir: own.out })).sourceMaps, FOUND)
  configure({ sourceMaps: true, format: 'pprof' })
  assert.deepEqual((await take('cpu', own, { dir: own.out })).sourceMaps, FOUND)
})

/** Runs the program in a process of its own, with these variables; answers what it printed and what it took. */
async function withEnvironment (t, own, env) {
  const main = path.join(own.out, 'main.js')
  fs.writeFileSync(main, `const { startCpuProfile } = require(${JSON.stringify(path.join(__dirname, '..'))})
    const session = startCpuProfile({ sampleInterval: 500 })
    require(${JSON.stringify(own.script)}).burn()
    session.stop({ dir: ${JSON.stringify(own.out)} }).then(({ path, sourceMaps }) => console.log(JSON.stringify({ path, sourceMaps })))`)
  const register = ['--require', path.join(__dirname, '..', 'lib', 'register.js')]
  const app = run(t, path.relative(path.join(__dirname, 'fixtures'), main), { env, node: register })
  return { ...await app.exit, stdout: app.stdout(), stderr: app.stderr() }
}

test('HEAPKIT_SOURCE_MAPS is for all captures that can have it', async (t) => {
  const own = program(t)
  for (const text of ['1', own.maps, `${own.out}${path.delimiter}${own.maps}`, path.relative('.', own.maps)]) {
    const { code, stdout, stderr } = await withEnvironment(t, own, { HEAPKIT_FORMAT: 'pprof', HEAPKIT_SOURCE_MAPS: text })
    assert.equal(code, 0, stderr)
    const { path: file, sourceMaps } = JSON.parse(stdout)
    assert.deepEqual([sourceMaps, await named('cpu', file)], [FOUND, [NAMED.cpu]], text)
  }
  for (const env of [{ HEAPKIT_FORMAT: 'pprof', HEAPKIT_SOURCE_MAPS: '0' }, { HEAPKIT_SOURCE_MAPS: '1' }]) {
    const { stdout, stderr } = await withEnvironment(t, own, env)
    assert.equal(JSON.parse(stdout).sourceMaps, undefined, stderr)
  }
  const { code, stderr } = await withEnvironment(t, own, { HEAPKIT_SOURCE_MAPS: path.delimiter })
  assert.equal(code, 1)
  assert.match(stderr, /Environment variable HEAPKIT_SOURCE_MAPS must be true \(maps beside/)
})

test('over HTTP a client says whether, and the operator where', async (t) => {
  const own = program(t)
  const folder = await serve(t, { sourceMaps: own.maps })
  const plain = await serve(t)
  const session = startSampling({ sampleInterval: 1024 })
  t.after(() => session[Symbol.asyncDispose]())
  globalThis.kept = load(own).allocate()
  const ask = async ({ request }, query) => {
    const answer = (await request('POST', `/sampling/capture?${query}`)).json()
    assert.ok(answer.path, answer.detail)
    return [answer.sourceMaps, ...await named('sampling', answer.path)]
  }
  const [sources, scripts] = [[FOUND, NAMED.sampling], [undefined, asItWas('sampling', own)]]
  assert.deepEqual(await ask(folder, 'format=pprof'), sources)
  assert.deepEqual(await ask(folder, 'format=pprof&sourceMaps=1'), sources)
  assert.deepEqual(await ask(folder, 'format=pprof&sourceMaps=0'), scripts)
  assert.deepEqual(await ask(folder, ''), scripts)
  assert.deepEqual(await ask(plain, 'format=pprof'), scripts)
  assert.deepEqual(await ask(plain, 'format=pprof&sourceMaps=1'), sources)
  // What the process wants stands for what the operator has not said.
  configure({ sourceMaps: own.out })
  t.after(() => configure({}))
  assert.deepEqual(await ask(plain, 'format=pprof&sourceMaps=1'), [{ scripts: 0, passedOver: [] }, asItWas('sampling', own)])
  configure({})

  const cpu = await folder.request('POST', '/cpu?seconds=0.01&format=folded')
  assert.deepEqual(Object.keys(cpu.json().sourceMaps), ['scripts', 'passedOver'])
  for (const [query, detail] of [
    [`format=pprof&sourceMaps=${encodeURIComponent(own.maps)}`, /Parameter sourceMaps must be 1 or 0; got /],
    ['sourceMaps=1', /`sourceMaps` is for formats other than 'heapprofile'/]
  ]) {
    const { status, body } = await folder.request('POST', `/sampling/capture?${query}`)
    assert.equal(status, 400)
    assert.match(JSON.parse(body).detail, detail)
  }

  const heap = async ({ request }, query) => {
    const { status, body } = await request('GET', `/pprof/heap?${query}`)
    assert.equal(status, 200, String(body))
    const file = path.join(own.out, `${ls(own.out).length}.pb.gz`)
    fs.writeFileSync(file, body)
    return await named('sampling', file)
  }
  for (const query of ['', 'sourceMaps=1']) assert.deepEqual(await heap(folder, query), [NAMED.sampling])
  assert.deepEqual(await heap(folder, 'sourceMaps=0'), [asItWas('sampling', own)])
  assert.deepEqual(await heap(plain, ''), [asItWas('sampling', own)])
  assert.deepEqual(await heap(plain, 'sourceMaps=1'), [NAMED.sampling])
  const text = await folder.request('GET', '/pprof/heap?debug=1')
  assert.match(String(text.body), /allocateRows/)
  // The earlier reading is V8's own text.
  const delta = await folder.request('GET', '/pprof/heap?seconds=0.01')
  assert.equal(delta.status, 200, String(delta.body))
})

test('a volume with maps that hangs is waited for no longer than somebody wants, and costs the capture nothing but names', { timeout: 180_000 }, async (t) => {
  const [hung, healthy] = [tmpDir(t), tmpDir(t)]
  const why = success('/dev/fuse and mounts of its own', [...hanging(hung), 'true'])
  if (why) return t.skip(why)
  const child = run(t, 'maps-hang.js', { args: [hung, healthy], command: hanging(hung) })
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
  const { abortedAfter, timedOutAfter, kept, refusedAfter, refused, threads, ...seen } = JSON.parse(child.stdout())
  assert.deepEqual(seen, { aborted: 'HEAPKIT_ERR_ABORTED', timedOut: 'HEAPKIT_ERR_TIMEOUT', meanwhile: 'done', files: ['.gz', '.gz', '.gz', '.gz'] })
  for (const after of [abortedAfter, timedOutAfter]) assert.ok(after < 20_000, `${after} ms`)
  assert.equal(kept.scripts, 0)
  assert.match(kept.passedOver.at(-1).reason, /^has not been read within 30 s: it was passed over, and so was what would have been read after it$/)
  // Threads that hang are not joined by more and more.
  assert.match(refused.passedOver.at(-1).reason, /^was not read, because earlier readings of maps have not come back: /)
  assert.ok(refusedAfter < 20_000, `${refusedAfter} ms`)
  assert.ok(threads <= 4, `${threads} threads hang`)
})
