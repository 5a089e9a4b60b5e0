'use strict'

// Formats of captures: a profile as pprof, folded stacks, for speedscope or as a page has V8's own numbers, its name says what it is, and one that cannot be converted is not lost.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { describe, test } = require('node:test')
const zlib = require('node:zlib')
const { Profile } = require('pprof-format')
const { linux } = require('./needs')
const { tmpDir, ls, run, readArtifact, heapkitError } = require('./support')
const { configure, listArtifacts, onSignal, openProfile, startCpuProfile, startSampling, startTimeline, takeSnapshot } = require('..')
const inspector = require('../lib/inspector')

const INVALID = 'HEAPKIT_ERR_INVALID_OPTION'

function burn () {
  const until = process.cpuUsage().user + 100_000
  while (process.cpuUsage().user < until);
}

function allocate () {
  return Array.from({ length: 20_000 }, (_, index) => ({ index }))
}

/** Calls `work` while V8's answers go through `see(method, answer)`, which may change them. */
async function seeing (see, work) {
  const { postSync } = inspector
  inspector.postSync = (method, ...rest) => see(method, postSync(method, ...rest)) ?? {}
  try {
    return await work()
  } finally {
    inspector.postSync = postSync
  }
}

function sizeOf ({ selfSize, children }) {
  return children.reduce((sum, child) => sum + sizeOf(child), selfSize)
}

/** Takes a profile of each kind in this thread, and answers { artifact, profile }: also what V8 itself said. */
async function take (kind, options) {
  const session = kind === 'cpu' ? startCpuProfile({ sampleInterval: 500 }) : startSampling({ sampleInterval: 1024 })
  if (kind === 'cpu') burn()
  else globalThis.kept = allocate()
  let profile
  const artifact = await seeing((method, answer) => {
    profile = answer?.profile ?? profile
    return answer
  }, () => session.stop(kind === 'cpu' ? options : { mode: 'inline', ...options }))
  return { artifact, profile, session }
}

/** What the folded stacks of a profile add up to. */
const folded = (text) => text.trimEnd().split('\n').reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)

/** What the page of a flame graph shows. */
const dataOf = (page) => JSON.parse(/<script type="application\/json" id="data">([^<]*)<\/script>\n/.exec(page)[1])

/** What names end in, with what they are packed with where nobody says. */
const EXTENSIONS = { pprof: 'pb.gz', folded: 'folded.gz', speedscope: 'speedscope.json.gz', flamegraph: 'flamegraph.html' }

for (const [kind, label] of [['sampling', 'Heap'], ['cpu', 'CPU']]) {
  describe(`a ${kind} capture`, () => {
    for (const [format, extension] of Object.entries(EXTENSIONS)) {
      test(`as ${format} is what its name says, and has V8's own total`, async (t) => {
        const dir = tmpDir(t)
        const { artifact, profile } = await take(kind, { dir, format })
        assert.deepEqual([artifact.kind, artifact.format, artifact.compression], [kind, format, extension.endsWith('.gz') ? 'gzip' : 'none'])
        assert.match(path.basename(artifact.path), new RegExp(`^${label}\\.[\\d.]+\\.${extension}$`))
        const [listed] = await listArtifacts(dir)
        assert.deepEqual([listed.kind, listed.format, listed.path, listed.bytes], [kind, format, artifact.path, artifact.bytes])
        const own = path.join(dir, 'own')
        fs.writeFileSync(own, JSON.stringify(profile))
        const { types, defaultType } = await openProfile(own)
        const { total } = types.find(({ name }) => name === defaultType)
        if (kind === 'sampling') assert.equal(total, sizeOf(profile.head))
        const text = readArtifact(artifact)
        if (format === 'pprof') assert.deepEqual((await openProfile(artifact.path)).types, types)
        else if (format === 'folded') assert.equal(folded(text), total)
        else if (format === 'flamegraph') await mustBePageOf(String(text), own, kind)
        else assert.equal(JSON.parse(text).profiles.find(({ name }) => name === defaultType).endValue, total)
      })
    }

    test('as pprof says of itself what V8\'s format does not, and is what its readers ask for', async (t) => {
      const { artifact, profile: own, session } = await take(kind, { dir: tmpDir(t), format: 'pprof' })
      const { startedAt, durationMs, comments } = await openProfile(artifact.path)
      assert.equal(startedAt, session.startedAt.toISOString())
      // Of time V8 says it.
      if (kind === 'cpu') assert.equal(durationMs, (own.endTime - own.startTime) / 1000)
      else assert.ok(durationMs > 0 && durationMs <= artifact.durationMs + 1, `${durationMs} of ${artifact.durationMs} ms`)
      assert.equal(comments[0], `Node.js ${process.version}, ${process.platform} ${process.arch}`)
      assert.equal(comments[1], `process ${process.pid}, thread 0`)
      assert.match(comments[2], /^heapkit \d+\.\d+\.\d+$/)
      const profile = Profile.decode(zlib.gunzipSync(fs.readFileSync(artifact.path)))
      const text = (place) => profile.stringTable.strings[Number(place)]
      assert.deepEqual([text(profile.periodType.type), text(profile.periodType.unit), Number(profile.period)],
        kind === 'cpu' ? ['cpu', 'nanoseconds', 500_000] : ['space', 'bytes', 1024])
      mustBeWhole(profile, text)
    })
  })
}

/** It is the page that `heapkit flame` makes of V8's own file; it knows besides what that does not say. */
async function mustBePageOf (page, own, kind) {
  const title = `${kind === 'cpu' ? 'CPU' : 'Heap'} profile of process ${process.pid}`
  const other = String(await (await openProfile(own)).convert('flamegraph', { title }))
  const around = (page) => page.split(/<script type="application\/json" id="data">[^<]*<\/script>/)
  assert.deepEqual(around(page), around(other))
  const [data, plain] = [page, other].map(dataOf)
  assert.equal(data.profile.comments[1], `process ${process.pid}, thread 0`)
  assert.ok(data.profile.timeNanos > 0)
  assert.deepEqual({ ...data, profile: null }, { ...plain, profile: null })
}

/** What Grafana's and Google's readers check. */
function mustBeWhole (profile, text) {
  assert.equal(text(0), '')
  assert.ok(profile.sample.length > 0)
  const unique = (list, what) => {
    const ids = list.map(({ id }) => Number(id))
    assert.ok(ids.every((id) => id > 0) && new Set(ids).size === ids.length, `ids of ${what}`)
    return new Set(ids)
  }
  const [mappings, functions, locations] = [unique(profile.mapping, 'mappings'), unique(profile.function, 'functions'), unique(profile.location, 'locations')]
  assert.ok(profile.function.every(({ name, systemName }) => text(name) && text(systemName)))
  for (const { line, mappingId } of profile.location) {
    assert.ok(mappings.has(Number(mappingId)))
    assert.ok(line.length > 0 && line.every(({ functionId }) => functions.has(Number(functionId))))
  }
  const stacks = new Set()
  for (const { locationId, value } of profile.sample) {
    assert.equal(value.length, profile.sampleType.length)
    assert.ok(locationId.every((id) => locations.has(Number(id))))
    stacks.add(locationId.join())
  }
  assert.equal(stacks.size, profile.sample.length, 'each stack once')
}

test('files are named by what they are packed with', async (t) => {
  const dir = tmpDir(t)
  for (const [compression, ending] of [['none', /\.\d+\.pb$/], ['zstd', /\.pb\.zst$/]]) {
    const { artifact } = await take('sampling', { dir, format: 'pprof', compression })
    assert.match(artifact.path, ending)
    assert.ok((await openProfile(artifact.path)).samples > 0)
  }
  assert.deepEqual((await listArtifacts(dir)).map(({ compression }) => compression).sort(), ['none', 'zstd'])
  // Quotas know them.
  const { artifact } = await take('sampling', { dir, format: 'folded', maxFiles: 1 })
  assert.deepEqual(ls(dir), [path.basename(artifact.path)])
})

test('a page is packed if anybody says so, and its file is a page by its name', async (t) => {
  const dir = tmpDir(t)
  const endingOf = async (options) => {
    const { artifact } = await take('sampling', { dir, format: 'flamegraph', ...options })
    // Node 20 has no zstd.
    if (artifact.compression !== 'zstd') assert.deepEqual(dataOf(readArtifact(artifact)).types, [{ name: 'inuse_space', unit: 'bytes' }])
    return path.basename(artifact.path).replace(/^Heap\.[\d.]+\.flamegraph/, '')
  }
  assert.equal(await endingOf(), '.html')
  assert.equal(await endingOf({ compression: 'gzip' }), '.html.gz')
  assert.equal(await endingOf({ level: 9 }), '.html.gz', 'a level is of a codec')
  assert.equal(await endingOf({ format: undefined, dir: undefined, file: path.join(dir, 'heap.html') }), 'heap.html')
  assert.equal(await endingOf({ format: undefined, dir: undefined, file: path.join(dir, 'heap.html.zst') }), 'heap.html.zst')
  configure({ compression: 'zstd' })
  t.after(() => configure({}))
  assert.equal(await endingOf(), '.html.zst')
  configure({ level: 1 })
  assert.equal(await endingOf(), '.html')
})

test('a session that goes on can be read in any format', async (t) => {
  const dir = tmpDir(t)
  const session = startSampling({ sampleInterval: 1024 })
  globalThis.kept = allocate()
  const formats = ['pprof', 'heapprofile', 'folded', 'speedscope', 'flamegraph']
  for (const format of formats) assert.equal((await session.capture({ dir, format })).format, format)
  await session[Symbol.asyncDispose]()
  assert.equal(ls(dir).length, formats.length)
})

test('a forked child\'s profile is converted like one of this thread', { skip: linux('fork') }, async (t) => {
  const dir = tmpDir(t)
  const session = startSampling({ sampleInterval: 1024 })
  globalThis.kept = allocate()
  const artifact = await session.stop({ dir, format: 'pprof', mode: 'fork' })
  assert.deepEqual([artifact.mode, artifact.format], ['fork', 'pprof'])
  const profile = await openProfile(artifact.path)
  assert.ok((await profile.top({ focus: /^allocate$/ })).shown > 100_000)
})

test('what counts all that was allocated says so', async (t) => {
  const dir = tmpDir(t)
  const typeOf = async (options) => (await openProfile((await startSampling(options).stop({ dir, format: 'pprof' })).path)).types[0].name
  assert.equal(await typeOf(), 'inuse_space')
  assert.equal(await typeOf({ includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true }), 'alloc_space')
  assert.equal(await typeOf({ includeObjectsCollectedByMinorGC: true }), 'space')
})

test('a format is refused where it does not apply', async (t) => {
  const dir = tmpDir(t)
  const refused = (text) => (error) => error.option === 'format' && heapkitError(INVALID, text)(error)
  await assert.rejects(takeSnapshot({ dir, format: 'pprof' }), refused(/`format` must be 'heapsnapshot'; got 'pprof'/))
  const timeline = startTimeline()
  await assert.rejects(timeline.stop({ dir, format: 'folded' }), refused(/`format` must be 'heaptimeline'; got 'folded'/))
  await timeline[Symbol.asyncDispose]()
  const sampling = startSampling()
  await assert.rejects(sampling.capture({ dir, format: 'cpuprofile' }), refused(/must be 'heapprofile' or 'pprof' or 'folded' or 'speedscope' or 'flamegraph'; got 'cpuprofile'/))
  await sampling[Symbol.asyncDispose]()
  assert.throws(() => onSignal('SIGWINCH', 'snapshot', { format: 'pprof' }), refused(/must be 'heapsnapshot'/))
  assert.throws(() => configure({ format: 'heapsnapshot' }), refused(/must be 'heapprofile' or .*; got 'heapsnapshot'/))
  assert.deepEqual(ls(dir), [])
})

test('a file is not named as one of another kind of capture', async (t) => {
  const dir = tmpDir(t)
  const session = startSampling()
  await assert.rejects(session.stop({ file: path.join(dir, 'a.cpuprofile.gz') }),
    heapkitError('HEAPKIT_ERR_INVALID_OPTION', /^Option `file` must not end in \.cpuprofile, which cpu captures have; this is a sampling capture \(\.heapprofile\); got /))
  assert.equal((await session.stop({ file: path.join(dir, 'a.profile') })).format, 'heapprofile')
  const timeline = startTimeline()
  assert.equal((await timeline.stop({ file: path.join(dir, 'a.heapsnapshot') })).format, 'heaptimeline')
  assert.deepEqual(ls(dir), ['a.heapsnapshot', 'a.profile'])
})

test('the process may have a format, which is for profiles; a file\'s name, and each call, come first', async (t) => {
  const dir = tmpDir(t)
  configure({ format: 'pprof' })
  t.after(() => configure({}))
  const formatOf = async (options) => (await take('sampling', { dir, ...options })).artifact.format
  assert.equal(await formatOf(), 'pprof')
  assert.equal(await formatOf({ format: 'folded' }), 'folded')
  for (const [name, format] of [['a.heapprofile', 'heapprofile'], ['b.speedscope.json', 'speedscope'], ['c.folded.gz', 'folded'], ['d.pb.gz', 'pprof'], ['f.html', 'flamegraph'], ['e', 'heapprofile']]) {
    assert.equal(await formatOf({ dir: undefined, file: path.join(dir, name) }), format, name)
  }
  assert.equal((await takeSnapshot({ dir })).format, 'heapsnapshot')
  // For what has no such format the name says nothing.
  assert.equal((await takeSnapshot({ file: path.join(dir, 'g.html') })).format, 'heapsnapshot')
  configure({ format: 'cpuprofile' })
  assert.equal(await formatOf(), 'heapprofile')
})

test('HEAPKIT_FORMAT is for all captures that can have it', async (t) => {
  const dir = tmpDir(t)
  const script = path.join(dir, 'app.js')
  fs.writeFileSync(script, `const { startCpuProfile, takeSnapshot } = require(${JSON.stringify(path.join(__dirname, '..'))})
    startCpuProfile().stop().then(({ format }) => takeSnapshot().then((snapshot) => console.log(format, snapshot.format)))`)
  const app = run(t, path.relative(path.join(__dirname, 'fixtures'), script), { env: { HEAPKIT_DIR: path.join(dir, 'out'), HEAPKIT_FORMAT: 'speedscope' } })
  assert.deepEqual(await app.exit, { code: 0, signal: null }, app.stderr())
  assert.equal(app.stdout(), 'speedscope heapsnapshot\n')
})

/** What V8 might answer: each function calls the next, all of them seen once. */
function chain (depth) {
  const ids = Array.from({ length: depth }, (_, n) => n + 1)
  const nodes = ids.map((id) => ({ id, callFrame: { functionName: 'f', scriptId: '0', url: '', lineNumber: 0, columnNumber: 0 }, hitCount: 1, children: id < depth ? [id + 1] : [] }))
  return { nodes, startTime: 0, endTime: depth, samples: ids, timeDeltas: ids.map(() => 1) }
}

/** Ends a session of which V8 says that. */
function stopped (session, profile, options) {
  return seeing((method, answer) => method === 'Profiler.stop' ? { profile } : answer, () => session.stop(options))
}

test('what cannot be converted is kept for another format', async (t) => {
  const dir = tmpDir(t)
  const session = startCpuProfile()
  const profile = chain(70_000)
  await assert.rejects(stopped(session, profile, { dir, format: 'folded' }), heapkitError('HEAPKIT_ERR_INVALID_PROFILE', /has a stack of 70000 frames: more than 65536/))
  assert.deepEqual(ls(dir), [])
  const artifact = await session.stop({ dir })
  assert.deepEqual(JSON.parse(readArtifact(artifact)), profile)
})

test('a conversion that nobody waits for any more ends, and leaves nothing', async (t) => {
  const dir = tmpDir(t)
  const session = startCpuProfile()
  const control = new AbortController()
  // 200 million frames: some seconds.
  const pending = stopped(session, chain(20_000), { dir, format: 'speedscope', signal: control.signal })
  setImmediate(() => control.abort())
  await assert.rejects(pending, heapkitError('HEAPKIT_ERR_ABORTED'))
  await session.stop({ dir })
  assert.deepEqual(ls(dir).map((name) => path.extname(name)), ['.gz'])
})
