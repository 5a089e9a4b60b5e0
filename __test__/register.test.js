'use strict'

// heapkit/register: everything by HEAPKIT_* variables, and a wrong one stops the process before the application runs.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { pathToFileURL } = require('node:url')
const { posix } = require('./needs')
const { tmpDir, ls, run, until, assertMode } = require('./support')
const { listArtifacts } = require('..')

const REGISTER = path.join(__dirname, '..', 'lib', 'register.js')
const REQUIRE = ['--require', REGISTER]
const IMPORT = ['--import', pathToFileURL(REGISTER).href]
const DISABLED = 'HEAPKIT_ERR_DISABLED'

/** Starts a fixture behind register; `node` are the options of Node that load it. */
function start (t, fixture, { env, args, node = REQUIRE, ...options } = {}) {
  return run(t, fixture, { node, env, args, ...options })
}

/** Runs register-app.js to its end, which must be a good one, and answers the results of its steps. */
async function results (t, steps, options) {
  const app = start(t, 'register-app.js', { ...options, args: steps })
  assert.deepEqual(await app.exit, { code: 0, signal: null }, app.stderr())
  return JSON.parse(/^results (.*)$/m.exec(app.stdout())[1])
}

// --- wrong values ---

test('a wrong value of any variable ends the process before the application runs, and names the variable', async (t) => {
  const file = path.join(tmpDir(t), 'file')
  fs.writeFileSync(file, '')
  const wrong = {
    HEAPKIT_DIR: [file, path.join(file, 'below')],
    HEAPKIT_SIGNAL: ['SIGNOPE', 'USR2', 'SIGUSR1', 'SIGKILL', 'SIGUSR2=heap', 'SIGUSR2=', 'SIGUSR2=cpu=cpu', '=cpu', ',', 'SIGUSR2,', 'SIGUSR2,SIGUSR2=cpu', '12'],
    HEAPKIT_SAMPLING: ['yes', '-1', '1.5', '12q', '4g', '512 k', 'NaN', 'allocation', 'allocations,1q', 'allocations,64k,64k'],
    HEAPKIT_THREADS: ['yes', '2', 'all'],
    HEAPKIT_COMPRESSION: ['brotli', 'GZIP', '6'],
    HEAPKIT_FORMAT: ['pdf', 'heapsnapshot', 'PPROF'],
    HEAPKIT_SOURCE_MAPS: [path.delimiter],
    HEAPKIT_MAX_FILES: ['0', '-1', '1k', 'many', '1.5', ' 1', '99999999999999999999'],
    HEAPKIT_MAX_BYTES: ['0', '-1', '1t', '1.5g', 'g', '99999999999g'],
    HEAPKIT_MIN_FREE_BYTES: ['-1', 'x', '64mb', '1e9'],
    HEAPKIT_DISABLE_SNAPSHOTS: ['yes', 'no', '2', 'TRUE', ' ']
  }
  const cases = Object.entries(wrong).flatMap(([variable, values]) => values.map((value) => [variable, value]))
  await eachOf(cases, async ([variable, value]) => {
    const app = start(t, 'register-app.js', { env: { [variable]: value } })
    const { code } = await app.exit
    assert.notEqual(code, 0, `${variable}=${value}`)
    assert.equal(app.stdout(), '', `${variable}=${value}`)
    assert.match(app.stderr(), new RegExp(`^HeapkitError: Environment variable ${variable} .*; got '`, 'm'))
    assert.match(app.stderr(), /code: 'HEAPKIT_ERR_INVALID_OPTION'/)
  })
})

/** Two at a time: each is a process. */
async function eachOf (cases, work) {
  const left = [...cases]
  const worker = async () => { while (left.length) await work(left.shift()) }
  await Promise.all([worker(), worker()])
}

test('--import stops at a wrong value as well', async (t) => {
  const app = start(t, 'register-app.js', { node: IMPORT, env: { HEAPKIT_MAX_FILES: '0' } })
  assert.notEqual((await app.exit).code, 0)
  assert.equal(app.stdout(), '')
  assert.match(app.stderr(), /Environment variable HEAPKIT_MAX_FILES must be an integer of at least 1; got '0'/)
})

test('an empty variable is none', async (t) => {
  const env = Object.fromEntries(['DIR', 'SIGNAL', 'SAMPLING', 'COMPRESSION', 'MAX_FILES', 'MAX_BYTES', 'MIN_FREE_BYTES', 'DISABLE_SNAPSHOTS']
    .map((name) => [`HEAPKIT_${name}`, '']))
  const [stop, listeners] = await results(t, ['stop', 'listeners'], { env, cwd: tmpDir(t) })
  assert.deepEqual([stop, listeners], ['HEAPKIT_ERR_NOT_ACTIVE', [0, 0, 0]])
})

test('without any variable nothing is switched on', async (t) => {
  const cwd = tmpDir(t)
  assert.deepEqual(await results(t, ['stop', 'listeners'], { cwd }), ['HEAPKIT_ERR_NOT_ACTIVE', [0, 0, 0]])
  assert.deepEqual(ls(cwd), [])
})

// --- each variable ---

for (const node of [REQUIRE, IMPORT]) {
  test(`with ${node[0]}, captures go to HEAPKIT_DIR, compressed by HEAPKIT_COMPRESSION`, async (t) => {
    const dir = path.join(tmpDir(t), 'made', 'for', 'it')
    const [artifact] = await results(t, ['capture'], { node, env: { HEAPKIT_DIR: dir, HEAPKIT_COMPRESSION: 'none' } })
    assert.equal(path.dirname(artifact.path), dir)
    assert.equal(artifact.compression, 'none')
    JSON.parse(fs.readFileSync(artifact.path, 'utf8'))
    assertMode(dir, 0o700)
  })
}

test('NODE_OPTIONS may load it too', async (t) => {
  const dir = tmpDir(t)
  const env = { NODE_OPTIONS: `--require ${REGISTER}`, HEAPKIT_DIR: dir, HEAPKIT_SAMPLING: '1' }
  const [artifact] = await results(t, ['stop'], { node: [], env })
  assert.deepEqual([artifact.kind, path.dirname(artifact.path)], ['sampling', dir])
})

test('HEAPKIT_MAX_FILES bounds the number of artifacts', async (t) => {
  const dir = tmpDir(t)
  const artifacts = await results(t, ['capture', 'capture', 'capture'], { env: { HEAPKIT_DIR: dir, HEAPKIT_MAX_FILES: '2' } })
  assert.deepEqual(ls(dir), artifacts.slice(1).map((artifact) => path.basename(artifact.path)).sort())
})

test('HEAPKIT_MAX_BYTES bounds their size', async (t) => {
  const dir = tmpDir(t)
  const old = ['001', '002'].map((sequence) => `Heap.20200101.000000.1.0.${sequence}.heapprofile`)
  old.forEach((name, index) => {
    fs.writeFileSync(path.join(dir, name), Buffer.alloc(100_000))
    fs.utimesSync(path.join(dir, name), 1000 + index, 1000 + index)
  })
  const [artifact] = await results(t, ['capture'], { env: { HEAPKIT_DIR: dir, HEAPKIT_MAX_BYTES: '150k' } })
  assert.deepEqual(ls(dir), [old[1], path.basename(artifact.path)])
  assert.deepEqual(await results(t, ['capture'], { env: { HEAPKIT_DIR: tmpDir(t), HEAPKIT_MAX_BYTES: '1' } }), ['HEAPKIT_ERR_NO_SPACE'])
})

test('HEAPKIT_MIN_FREE_BYTES keeps room on the volume', async (t) => {
  const dir = tmpDir(t)
  assert.deepEqual(await results(t, ['capture'], { env: { HEAPKIT_DIR: dir, HEAPKIT_MIN_FREE_BYTES: '1000000G' } }), ['HEAPKIT_ERR_NO_SPACE'])
  assert.deepEqual(ls(dir), [])
  assert.equal((await results(t, ['capture'], { env: { HEAPKIT_DIR: dir, HEAPKIT_MIN_FREE_BYTES: '0' } }))[0].kind, 'sampling')
})

test('HEAPKIT_SAMPLING samples from the start, and the process exits by itself', async (t) => {
  const env = { HEAPKIT_DIR: tmpDir(t) }
  for (const on of ['1', 'true', '524288', '512k', '1M']) assert.deepEqual(await results(t, ['busy'], { env: { ...env, HEAPKIT_SAMPLING: on } }), [null])
  assert.deepEqual(ls(env.HEAPKIT_DIR), [])
  for (const off of ['0', 'false']) assert.deepEqual(await results(t, ['stop'], { env: { ...env, HEAPKIT_SAMPLING: off } }), ['HEAPKIT_ERR_NOT_ACTIVE'])
  assert.equal((await results(t, ['capture'], { env: { ...env, HEAPKIT_SAMPLING: '1' } }))[0], 'HEAPKIT_ERR_BUSY')
})

test('HEAPKIT_SAMPLING may be the interval', async (t) => {
  const samples = async (interval) => {
    const env = { HEAPKIT_DIR: tmpDir(t), HEAPKIT_COMPRESSION: 'none', HEAPKIT_SAMPLING: interval }
    const [, artifact] = await results(t, ['busy', 'stop'], { env })
    return JSON.parse(fs.readFileSync(artifact.path, 'utf8')).samples.length
  }
  const fine = await samples('64')
  const coarse = await samples('1g')
  assert.ok(fine > 100, `${fine} samples`)
  assert.ok(coarse < fine / 10, `${coarse} samples`)
})

test('HEAPKIT_SAMPLING may ask for all allocations, and have an interval besides', async (t) => {
  for (const text of ['allocations', '1k,allocations', 'allocations, 1k']) {
    const env = { HEAPKIT_DIR: tmpDir(t), HEAPKIT_COMPRESSION: 'none', HEAPKIT_SAMPLING: text }
    const [, artifact] = await results(t, ['busy', 'stop'], { env })
    const { valueType, samples } = JSON.parse(fs.readFileSync(artifact.path, 'utf8'))
    assert.equal(valueType, 'alloc_space')
    assert.equal(samples.length > 10, text.includes('1k'), `${samples.length} samples`)
  }
})

test('HEAPKIT_SIGNAL arms several signals, each with its own capture', { skip: posix('signals from others') }, async (t) => {
  const dir = tmpDir(t)
  const app = start(t, 'register-signals.js', { env: { HEAPKIT_DIR: dir, HEAPKIT_SIGNAL: 'SIGUSR2, SIGWINCH=cpu,SIGURG=sampling' } })
  await app.line(/^ready$/m)
  app.child.kill('SIGWINCH')
  await app.line(/^start cpu$/m)
  app.child.kill('SIGURG')
  await app.line(/^start sampling$/m)
  app.child.kill('SIGUSR2')
  await app.line(/^start snapshot$/m)
  const [artifact] = await until(async () => {
    const list = await listArtifacts(dir)
    return list.length > 0 && list
  }, 'the snapshot')
  assert.equal(artifact.kind, 'snapshot')
  assert.equal(app.stderr(), '')
})

test('an armed signal alone lets the process exit by itself', { skip: posix('SIGUSR2') }, async (t) => {
  const [listeners] = await results(t, ['listeners'], { env: { HEAPKIT_SIGNAL: 'SIGUSR2,SIGWINCH=timeline' } })
  assert.deepEqual(listeners, [1, 1, 0])
})

// --- the latch ---

test('HEAPKIT_DISABLE_SNAPSHOTS cannot be undone at run time', async (t) => {
  for (const value of ['1', 'true']) {
    const dir = tmpDir(t)
    const [, snapshot, stream, timeline, sampling] = await results(t, ['undo', 'snapshot', 'stream', 'timeline', 'capture'],
      { env: { HEAPKIT_DIR: dir, HEAPKIT_DISABLE_SNAPSHOTS: value } })
    assert.deepEqual([snapshot, stream, timeline], [DISABLED, DISABLED, DISABLED])
    assert.equal(sampling.kind, 'sampling')
    assert.deepEqual(ls(dir), [path.basename(sampling.path)])
  }
})

test('workers cannot undo it either, whatever their environment', async (t) => {
  const env = { HEAPKIT_DIR: tmpDir(t), HEAPKIT_DISABLE_SNAPSHOTS: '1' }
  const heavy = ['snapshot', 'stream', 'timeline']
  for (const worker of ['worker', 'worker-env', 'worker-undo']) {
    const [answers, own] = await results(t, [worker, 'snapshot', '--', ...heavy], { env, cwd: env.HEAPKIT_DIR })
    assert.deepEqual(answers.slice(-3), [DISABLED, DISABLED, DISABLED], worker)
    assert.equal(own, DISABLED)
  }
  assert.deepEqual(ls(env.HEAPKIT_DIR), [])
})

test('HEAPKIT_DISABLE_SNAPSHOTS=0 disables nothing', async (t) => {
  const [snapshot] = await results(t, ['snapshot'], { env: { HEAPKIT_DIR: tmpDir(t), HEAPKIT_DISABLE_SNAPSHOTS: '0' } })
  assert.equal(snapshot.kind, 'snapshot')
})

// --- the rest ---

test('what killed processes left half written is gone at start, and nothing else', { skip: posix('SIGSTOP') }, async (t) => {
  const dir = tmpDir(t)
  const writer = run(t, 'register-writer.js', { env: { DIR: dir } })
  await until(() => ls(dir).length > 0, 'a temporary file')
  writer.child.kill('SIGSTOP')
  const [partial, ...more] = ls(dir)
  assert.deepEqual(more, [])
  assert.match(partial, new RegExp(`^Heap\\..*\\.heapsnapshot\\.zst\\.heapkit-${writer.child.pid}-[0-9a-f]{16}\\.partial$`))

  const foreign = ['mine.partial', 'Heap.20261120.213000.4242.0.001.heapsnapshot.gz', 'notes.txt']
  for (const name of foreign) fs.writeFileSync(path.join(dir, name), '')
  await results(t, [], { env: { HEAPKIT_DIR: dir } })
  assert.deepEqual(ls(dir), [...foreign, partial].sort(), 'its writer is alive')

  writer.child.kill('SIGKILL')
  assert.equal((await writer.exit).signal, 'SIGKILL')
  await results(t, [], { env: { HEAPKIT_DIR: dir } })
  assert.deepEqual(ls(dir), foreign.sort())
})

test('worker threads of the application sample on their own, and signals are left to the main thread', { skip: posix('SIGUSR2') }, async (t) => {
  const dir = tmpDir(t)
  const env = { HEAPKIT_DIR: dir, HEAPKIT_SAMPLING: '1', HEAPKIT_SIGNAL: 'SIGUSR2' }
  const [[inWorker], own, listeners] = await results(t, ['worker', 'stop', 'listeners', '--', 'stop'], { env })
  assert.equal(inWorker.kind, 'sampling')
  assert.notEqual(inWorker.threadId, 0)
  assert.equal(own.threadId, 0)
  assert.deepEqual(listeners, [1, 0, 0])
  assert.equal(ls(dir).length, 2)
})
