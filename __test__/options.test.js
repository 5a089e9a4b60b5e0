'use strict'

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const vm = require('node:vm')
const heapkit = require('..')
const { deferred } = require('../lib/promises')
const { tmpDir, ls, run, heapkitError } = require('./support')

const GARBAGE = {
  dir: ['', 1, null, {}, 'a\0b'],
  file: ['', 1, null, 'a\0b'],
  compression: ['rar', 1, null, true],
  level: [-1, 10, 1.5, NaN, '6', null],
  format: ['svg', 1, null],
  maxFiles: [0, -1, NaN, 'x', Infinity, 2 ** 60],
  maxBytes: [0, -1, NaN, 'x'],
  maxAgeMs: [0, -1, NaN, 'x'],
  minFreeBytes: [-1, NaN, 'x'],
  timeoutMs: [0, -1, NaN, '1', 2 ** 31],
  signal: [null, {}, 'SIGUSR2', new EventTarget()],
  onProgress: [null, 1, {}]
}

function each (garbage, check) {
  return Promise.all(Object.entries(garbage).flatMap(([name, values]) => values.map((value) => check(name, value))))
}

function naming (option) {
  return (error) => {
    assert.equal(error.option, option)
    return heapkitError('HEAPKIT_ERR_INVALID_OPTION', new RegExp(`\`${option}\``))(error)
  }
}

test('garbage is rejected by what answers a promise, and nothing is left running', async (t) => {
  const dir = tmpDir(t)
  const snapshotOnly = { mode: ['x', 1, null], memory: [1, null, 'x'], maxCpu: [0, -1, 1.5, NaN, '1', 'all', null], stableIds: ['yes', 1, null], exposeInternals: ['yes', 1, null], exposeNumericValues: ['yes', 1] }
  await each({ ...GARBAGE, ...snapshotOnly }, async (name, value) => {
    await assert.rejects(heapkit.takeSnapshot({ ...(name !== 'file' && { dir }), [name]: value }), naming(name))
    assert.throws(() => heapkit.createSnapshotStream({ [name]: value }), naming(name))
  })
  for (const options of [null, 1, 'x', []]) {
    await assert.rejects(heapkit.takeSnapshot(options), naming('options'))
  }
  await heapkit.takeSnapshot({ dir })
  assert.equal(ls(dir).length, 1)
})

test('garbage is thrown by what starts a session, and nothing is left running', async (t) => {
  const dir = tmpDir(t)
  const garbage = {
    startSampling: {
      sampleInterval: [-1, 0, 'x', NaN, 1.5, Infinity, null],
      stackDepth: [0, -1, 129, 'x', NaN],
      includeObjectsCollectedByMajorGC: ['x', 1],
      includeObjectsCollectedByMinorGC: ['x', 0],
      allocations: ['x', 1],
      maxSamples: [999, 1_000_001, 1.5, '5000', 5000]
    },
    startTimeline: { trackAllocations: ['x', 1, null], resolutionMs: [0, 49, 3_600_001, 50.5, '1s', null] },
    startCpuProfile: { sampleInterval: [0, -1, 'x', NaN, 49, null] }
  }
  for (const [start, options] of Object.entries(garbage)) {
    await each(options, (name, value) => assert.throws(() => heapkit[start]({ [name]: value }), naming(name)))
    assert.throws(() => heapkit[start](7), naming('options'))
    const session = heapkit[start]()
    await each(GARBAGE, (name, value) => assert.rejects(session.stop({ [name]: value }), naming(name)))
    await session.stop({ dir })
  }
  assert.equal(ls(dir).length, 3)
})

test('a level must be one of its codec', async (t) => {
  const dir = tmpDir(t)
  await assert.rejects(heapkit.takeSnapshot({ dir, compression: 'gzip', level: 12 }), naming('level'))
  await assert.rejects(heapkit.takeSnapshot({ dir, compression: 'zstd', level: 0 }), naming('level'))
  await assert.rejects(heapkit.takeSnapshot({ dir, compression: 'none', level: 1 }), naming('level'))
})

test('a file is the whole path', async (t) => {
  const dir = tmpDir(t)
  await assert.rejects(heapkit.takeSnapshot({ dir, file: path.join(dir, 'a') }), naming('file'))
  const file = path.join(dir, 'new', 'my.heapsnapshot.gz')
  assert.equal((await heapkit.takeSnapshot({ file })).path, file)
})

test('configure() is below the call and above the environment, for all threads, and replaces what was set', async (t) => {
  const dir = tmpDir(t)
  const child = run(t, 'precedence.js', {
    args: [dir],
    env: { HEAPKIT_DIR: path.join(dir, 'env'), HEAPKIT_COMPRESSION: 'none' },
    node: [`--diagnostic-dir=${path.join(dir, 'diagnostic')}`]
  })
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
  assert.deepEqual(JSON.parse(child.stdout()), [
    ['call', '.gz'], ['configured', '.zst'], ['worker', 'configured', '.zst'], ['env', '.heapprofile'], ['diagnostic', '.gz']
  ])
})

test('configure() refuses garbage and keeps what was set', (t) => {
  heapkit.configure({ maxFiles: 7 })
  t.after(() => heapkit.configure({}))
  for (const name of ['dir', 'compression', 'level', 'format', 'maxFiles', 'maxBytes', 'maxAgeMs', 'minFreeBytes']) {
    for (const value of GARBAGE[name]) {
      assert.throws(() => heapkit.configure({ [name]: value }), naming(name))
    }
  }
  assert.throws(() => heapkit.configure(null), naming('defaults'))
})

test('a wrong environment variable is named by the capture that meets it', async (t) => {
  const dir = tmpDir(t)
  for (const [variable, value] of [['HEAPKIT_COMPRESSION', 'rar'], ['HEAPKIT_MAX_FILES', 'many'], ['HEAPKIT_MAX_BYTES', '1x'], ['HEAPKIT_MIN_FREE_BYTES', '-1']]) {
    process.env[variable] = value
    try {
      await assert.rejects(heapkit.takeSnapshot({ dir }), (error) => {
        assert.equal(error.option, variable)
        return heapkitError('HEAPKIT_ERR_INVALID_OPTION', new RegExp(`Environment variable ${variable} must be .*; got '${value}'`))(error)
      })
    } finally {
      delete process.env[variable]
    }
  }
  assert.deepEqual(ls(dir), [])
})

test('a name that a call does not know is refused, with the one that was meant', async (t) => {
  const dir = tmpDir(t)
  const refused = (option, text) => (error) => naming(option)(error) && heapkitError('HEAPKIT_ERR_INVALID_OPTION', text)(error)
  await assert.rejects(heapkit.takeSnapshot({ dir, maxfile: 1 }), refused('maxfile', /is not known here; did you mean `maxFiles`\?$/))
  await assert.rejects(heapkit.takeSnapshot({ dir, memory: { reservedBytes: 1 } }), refused('memory.reservedBytes', /did you mean `reserveBytes`/))
  await assert.rejects(heapkit.takeSnapshot({ dir, redact: { kep: [] } }), refused('redact.kep', /did you mean `keep`/))
  assert.throws(() => heapkit.createSnapshotStream({ maxFiles: 1 }), naming('maxFiles'))
  assert.throws(() => heapkit.configure({ file: 'a' }), refused('file', /there are dir, compression/))
  assert.throws(() => heapkit.createHandler({ token: 'a', maxSecond: 1 }), refused('maxSecond', /did you mean `maxSeconds`/))
  assert.throws(() => heapkit.onSignal('SIGWINCH', 'cpu', { trackAllocations: true }), naming('trackAllocations'))
  assert.throws(() => heapkit.startSampling({ interval: 1 }), naming('interval'))
  assert.throws(() => heapkit.startTimeline({ trackAllocation: true }), refused('trackAllocation', /did you mean `trackAllocations`/))
  await assert.rejects(heapkit.diffSnapshots(['a', 'b'], { tpo: 1 }), refused('tpo', /is not known/))
  // As everywhere in JavaScript, undefined is as good as left away.
  await heapkit.takeSnapshot({ dir, maxfile: undefined })
  assert.equal(ls(dir).length, 1)
})

/** Every function that takes options, with a name that is almost one of them, and the one that was meant. */
const MISSPELT = {
  'takeSnapshot()': [(options) => heapkit.takeSnapshot(options), { redacted: 'redact', mod: 'mode', reduct: 'redact', signals: 'signal', levels: 'level' }],
  'createSnapshotStream()': [(options) => heapkit.createSnapshotStream(options), { redacted: 'redact', compresion: 'compression' }],
  'startSampling()': [(options) => heapkit.startSampling(options), { sampleIntervall: 'sampleInterval' }],
  'startTimeline()': [(options) => heapkit.startTimeline(options), { resolution: 'resolutionMs' }],
  'startCpuProfile()': [(options) => heapkit.startCpuProfile(options), { sampleIntervals: 'sampleInterval' }],
  'createHandler()': [(options) => heapkit.createHandler({ token: 'a', ...options }), { redacted: 'redact', timeout: 'timeoutMs', authorise: 'authorize' }],
  'configure()': [(options) => heapkit.configure(options), { redacted: 'redact', maxByte: 'maxBytes' }],
  'onSignal(snapshot)': [(options) => heapkit.onSignal('SIGWINCH', 'snapshot', options), { redacted: 'redact', onArtefact: 'onArtifact' }],
  'onSignal(timeline)': [(options) => heapkit.onSignal('SIGWINCH', 'timeline', options), { redacted: 'redact', second: 'seconds' }],
  'onSignal(cpu)': [(options) => heapkit.onSignal('SIGWINCH', 'cpu', options), { onErrors: 'onError' }],
  'openSnapshot()': [(options) => heapkit.openSnapshot('a', options), { partially: 'partial' }],
  'openProfile()': [(options) => heapkit.openProfile('a', options), { signals: 'signal' }],
  'diffSnapshots()': [(options) => heapkit.diffSnapshots(['a', 'b'], options), { tops: 'top' }],
  'redactSnapshot()': [(options) => heapkit.redactSnapshot('a', 'b', options), { strickt: 'strict', keeps: 'keep', extras: 'extra' }]
}
/** Of sessions and heaps. */
const MISSPELT_LATER = {
  'sampling.stop()': ['startSampling', 'stop', { maxFile: 'maxFiles' }],
  'sampling.capture()': ['startSampling', 'capture', { timeout: 'timeoutMs' }],
  'timeline.stop()': ['startTimeline', 'stop', { redacted: 'redact' }],
  'cpu.stop()': ['startCpuProfile', 'stop', { formats: 'format' }],
  'heap.summary()': ['openSnapshot', 'summary', { sorts: 'sort' }],
  'heap.suspects()': ['openSnapshot', 'suspects', { treshold: 'threshold' }],
  'heap.report()': ['openSnapshot', 'report', { tops: 'top' }]
}

test('no public function takes an option that it does not know: it names the one that was meant', async (t) => {
  const dir = tmpDir(t)
  const functions = Object.keys(heapkit).filter((name) => typeof heapkit[name] === 'function' && !['HeapkitError', 'listArtifacts', 'stopSampling'].includes(name))
  assert.deepEqual([...new Set(Object.keys(MISSPELT).map((name) => name.replace(/\(.*/, '')))].sort(), functions.sort())
  const refuses = async (name, call, wrong, meant) => {
    await assert.rejects(async () => call({ [wrong]: true }), (error) => naming(wrong)(error) &&
      heapkitError('HEAPKIT_ERR_INVALID_OPTION', new RegExp(`is not known here; did you mean \`${meant}\`\\?$`))(error), `${name} ${wrong}`)
  }
  for (const [name, [call, names]] of Object.entries(MISSPELT)) {
    for (const [wrong, meant] of Object.entries(names)) await refuses(name, call, wrong, meant)
  }
  const { path: file } = await heapkit.takeSnapshot({ dir, mode: 'inline' })
  for (const [name, [make, method, names]] of Object.entries(MISSPELT_LATER)) {
    const made = await heapkit[make](...(make === 'openSnapshot' ? [file] : []))
    for (const [wrong, meant] of Object.entries(names)) await refuses(name, (options) => made[method](options), wrong, meant)
    if (make === 'openSnapshot') made.close()
    else await made[Symbol.asyncDispose]()
  }
  const sampling = heapkit.startSampling()
  await refuses('stopSampling()', heapkit.stopSampling, 'compresion', 'compression')
  await sampling[Symbol.asyncDispose]()
  for (const nested of [{ memory: { reserve: 1 } }, { redact: { strickt: true } }]) await assert.rejects(heapkit.takeSnapshot({ dir, ...nested }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /is not known here/))
  await assert.rejects(heapkit.listArtifacts({ dir }), naming('dir'))
  assert.deepEqual(ls(dir), [path.basename(file)])
})

test('what objects inherit is no option', async (t) => {
  const dir = tmpDir(t)
  Object.assign(Object.prototype, { file: path.join(dir, 'inherited'), redact: true })
  t.after(() => {
    delete Object.prototype.file
    delete Object.prototype.redact
  })
  const { path: file } = await heapkit.takeSnapshot({ dir })
  assert.match(file, /\.heapsnapshot\.gz$/)
})

test('options that throw when they are read are wrong options, and the error says why', async (t) => {
  const cause = new Error('no such setting')
  const unreadable = (option) => (error) => {
    assert.equal(error.cause, cause)
    return naming(option)(error) && heapkitError('HEAPKIT_ERR_INVALID_OPTION', /cannot be read: no such setting/)(error)
  }
  await assert.rejects(heapkit.takeSnapshot({ get dir () { throw cause } }), unreadable('dir'))
  await assert.rejects(heapkit.takeSnapshot({ signal: { get aborted () { throw cause } } }), unreadable('signal'))
  await assert.rejects(heapkit.takeSnapshot(new Proxy({}, { ownKeys () { throw cause } })), unreadable('options'))
  assert.throws(() => heapkit.startSampling({ get stackDepth () { throw cause } }), unreadable('stackDepth'))
  await heapkit.takeSnapshot({ dir: tmpDir(t) })
})

/** A proxy that throws whatever it is asked. */
const hostile = (target = {}) => new Proxy(target, Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((trap) => [trap, () => { throw new Error('hostile') }])))

function revoked (target = {}) {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

/** Every call that takes options, and the name of what it takes. */
const CALLS = {
  takeSnapshot: 'options',
  createSnapshotStream: 'options',
  startSampling: 'options',
  startTimeline: 'options',
  startCpuProfile: 'options',
  createHandler: 'options',
  configure: 'defaults'
}

test('proxies that throw, or are revoked, are wrong options of every call', async (t) => {
  const dir = tmpDir(t)
  const wrong = [revoked(), revoked([]), hostile(), hostile([])]
  for (const value of wrong) {
    for (const [call, name] of Object.entries(CALLS)) await assert.rejects(async () => heapkit[call](value), naming(name), call)
    await assert.rejects(heapkit.openSnapshot('a', value), naming('options'))
    await assert.rejects(heapkit.openSnapshot(value), naming('path'))
    await assert.rejects(heapkit.diffSnapshots(value), naming('paths'))
    await assert.rejects(heapkit.diffSnapshots([value, value]), naming('paths'))
    await assert.rejects(heapkit.listArtifacts(value), naming('dir'))
    await assert.rejects(async () => heapkit.onSignal('SIGWINCH', 'cpu', value), naming('options'))
    for (const name of Object.keys(GARBAGE)) await assert.rejects(heapkit.takeSnapshot({ ...(name !== 'file' && { dir }), [name]: value }), naming(name))
    for (const name of ['memory', 'redact', 'mode', 'stableIds', 'maxCpu']) await assert.rejects(heapkit.takeSnapshot({ dir, [name]: value }), naming(name))
    await assert.rejects(heapkit.takeSnapshot({ dir, redact: { keep: [value] } }), naming('redact.keep'))
    const session = heapkit.startCpuProfile()
    await assert.rejects(session.stop(value), naming('options'))
    await session[Symbol.asyncDispose]()
  }
  const { path: file } = await heapkit.takeSnapshot({ dir })
  assert.deepEqual(ls(dir), [path.basename(file)])
})

/** Every call that takes a signal. `file` is a snapshot. */
const SIGNALLED = {
  snapshot: (signal, { dir }) => heapkit.takeSnapshot({ dir, mode: 'inline', signal }),
  stream: (signal) => heapkit.createSnapshotStream({ signal, mode: 'inline' }).toArray(),
  session: async (signal, { dir }) => {
    const session = heapkit.startTimeline()
    try {
      await session.stop({ dir, signal })
    } finally {
      await session[Symbol.asyncDispose]()
    }
  },
  'on a signal': async (signal, { dir }) => {
    const { promise, resolve, reject } = deferred()
    const trigger = heapkit.onSignal('SIGWINCH', 'cpu', { dir, seconds: 60, signal, onArtifact: resolve, onError: reject })
    process.emit('SIGWINCH', 'SIGWINCH')
    try {
      await promise
    } finally {
      trigger.dispose()
    }
  },
  reading: (signal, { file }) => heapkit.openSnapshot(file, { signal })
}

test('a file is packed as its name says, unless the call says something else, and whatever the defaults are', async (t) => {
  const dir = tmpDir(t)
  t.after(() => heapkit.configure({ compression: undefined }))
  const packed = { 'a.cpuprofile': 'none', 'a.cpuprofile.gz': 'gzip', 'a.cpuprofile.zst': 'zstd', a: 'none' }
  for (const compression of [undefined, 'gzip', 'zstd', 'none']) {
    heapkit.configure({ compression })
    for (const [name, expected] of Object.entries(packed)) {
      const file = path.join(dir, `${compression}`, name)
      const artifact = await heapkit.startCpuProfile().stop({ file })
      assert.equal(artifact.compression, expected, file)
      if (expected === 'none') JSON.parse(fs.readFileSync(file))
    }
  }
  const { compression } = await heapkit.startCpuProfile().stop({ file: path.join(dir, 'b.cpuprofile'), compression: 'gzip' })
  assert.equal(compression, 'gzip')
})

test('a signal of somebody\'s own making that throws is a wrong option, and nothing is left running', async (t) => {
  const dir = tmpDir(t)
  const { path: file } = await heapkit.takeSnapshot({ file: path.join(tmpDir(t), 'a.heapsnapshot') })
  const cause = new Error('hostile')
  const own = (properties) => Object.defineProperties({ aborted: false, addEventListener () {}, removeEventListener () {} }, Object.getOwnPropertyDescriptors(properties))
  let asked
  const signals = {
    'cannot be listened to': () => own({ addEventListener () { throw cause } }),
    'cannot be listened to, nor left': () => own({ addEventListener () { throw cause }, removeEventListener () { throw cause } }),
    'cannot be asked a second time': () => own({ get aborted () { if (asked++ > 0) throw cause; return false } })
  }
  for (const [what, signal] of Object.entries(signals)) {
    for (const [call, begin] of Object.entries(SIGNALLED)) {
      asked = 0
      await assert.rejects(async () => begin(signal(), { dir, file }), (error) => {
        assert.equal(error.cause, cause, `${call} ${what}`)
        return naming('signal')(error)
      })
    }
  }
  assert.deepEqual(ls(dir), [])
})

test('whatever the reason of an abort is, and does, the capture was aborted', async (t) => {
  const dir = tmpDir(t)
  const { path: file } = await heapkit.takeSnapshot({ file: path.join(tmpDir(t), 'a.heapsnapshot') })
  const cause = new Error('hostile')
  const throwing = { aborted: true, get reason () { throw cause }, addEventListener () {}, removeEventListener () {} }
  for (const [call, begin] of Object.entries(SIGNALLED)) {
    for (const reason of [revoked(), hostile(), hostile(new Error('target')), hostile(() => {}), Symbol('reason'), 'text', 0n]) {
      await assert.rejects(async () => begin(AbortSignal.abort(reason), { dir, file }), (error) => {
        assert.ok(error.cause === reason, call)
        return heapkitError('HEAPKIT_ERR_ABORTED')(error)
      })
      const later = new AbortController()
      const given = assert.rejects(async () => begin(later.signal, { dir, file }), heapkitError('HEAPKIT_ERR_ABORTED'))
      later.abort(reason)
      await given
    }
    await assert.rejects(async () => begin(throwing, { dir, file }), (error) => {
      assert.equal(error.cause, cause, call)
      return heapkitError('HEAPKIT_ERR_ABORTED')(error)
    })
  }
  assert.deepEqual(ls(dir), [])
})

test("another realm's regular expressions and signals are as good as this one's", async (t) => {
  const dir = tmpDir(t)
  const keep = vm.runInNewContext('[/^KEPT/i]')
  const artifact = await heapkit.takeSnapshot({ dir, redact: { keep: [...keep] } })
  assert.ok(artifact.redacted)
  const listeners = new Set()
  const signal = vm.runInNewContext('({ aborted: false, addEventListener: (_name, listener) => listeners.add(listener), removeEventListener: (_name, listener) => listeners.delete(listener) })', { listeners })
  await heapkit.takeSnapshot({ dir, signal })
  assert.equal(listeners.size, 0)
})

test('no default makes every capture fail: a level counts with the codec that it was set for', async (t) => {
  const dir = tmpDir(t)
  t.after(() => {
    heapkit.configure({})
    delete process.env.HEAPKIT_COMPRESSION
  })
  process.env.HEAPKIT_COMPRESSION = 'zstd'
  heapkit.configure({ level: 15 })
  assert.equal((await heapkit.takeSnapshot({ dir })).compression, 'zstd')
  for (const compression of ['none', 'gzip']) {
    process.env.HEAPKIT_COMPRESSION = compression
    assert.equal((await heapkit.takeSnapshot({ dir })).compression, compression)
  }
  assert.throws(() => heapkit.configure({ level: 15 }), naming('level'))
  // What the call itself says must hold with everything that is known.
  heapkit.configure({ compression: 'zstd' })
  assert.equal((await heapkit.takeSnapshot({ dir, level: 15 })).compression, 'zstd')
  await assert.rejects(heapkit.takeSnapshot({ dir, level: 0 }), naming('level'))
})

test('an error shows a value without giving it away at length', async () => {
  await assert.rejects(heapkit.takeSnapshot({ compression: 'x'.repeat(1000) }), ({ message }) => message.length < 250)
  await assert.rejects(heapkit.takeSnapshot({ compression: { secret: 'hunter2' } }), ({ message }) => !message.includes('hunter2'))
})
