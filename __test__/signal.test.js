'use strict'

// onSignal: which signals it takes, one capture for one signal, and nothing that outlives dispose().

const assert = require('node:assert/strict')
const os = require('node:os')
const path = require('node:path')
const { once } = require('node:events')
const { test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { posix } = require('./needs')
const { tmpDir, ls, run, until, readArtifact, parseSnapshot, heapkitError } = require('./support')
const { onSignal, takeSnapshot, startTimeline, startSampling } = require('..')

const skip = posix('signals from others')
const INVALID = 'HEAPKIT_ERR_INVALID_OPTION'
// Not SIGUSR2 in this process: on Node 26 the test runner makes its children write a report on that one.
const [SIGNAL, SECOND, THIRD] = ['SIGIO', 'SIGWINCH', 'SIGURG']

/** A trigger that is disposed of after the test, and its artifacts and errors as they come. */
function arm (t, signal, capture, options) {
  const got = []
  const waiting = []
  const put = (one) => waiting.length ? waiting.shift()(one) : got.push(one)
  const trigger = onSignal(signal, capture, { onArtifact: put, onError: put, ...options })
  // Nothing of heapkit's keeps this process alive while the test waits.
  const awake = setInterval(() => {}, 60_000)
  t.after(() => {
    clearInterval(awake)
    trigger.dispose()
  })
  return { trigger, next: () => new Promise((resolve) => got.length ? resolve(got.shift()) : waiting.push(resolve)) }
}

/** Sends the signal to this process and waits until the trigger has seen it. */
async function send (trigger) {
  const { received } = trigger
  process.kill(process.pid, trigger.signal)
  await until(() => trigger.received === received + 1, `signal ${received + 1}`)
}

function nextWarning () {
  return once(process, 'warning').then(([warning]) => warning)
}

// --- what is refused ---

test('signals that belong to others, cannot be caught, end the process or mean a crash are refused', { skip }, () => {
  for (const [signal, why] of [
    ['SIGUSR1', /inspector/], ['SIGPROF', /profiler/], ['SIGKILL', /cannot be caught/], ['SIGSTOP', /cannot be caught/],
    ['SIGTERM', /ends a process/], ['SIGINT', /ends a process/], ['SIGQUIT', /ends a process/], ['SIGHUP', /ends a process/],
    ['SIGABRT', /crash/], ['SIGIOT', /crash/], ['SIGBUS', /crash/], ['SIGFPE', /crash/], ['SIGILL', /crash/], ['SIGSEGV', /crash/],
    ['SIGTRAP', /crash/], ['SIGSYS', /crash/]
  ]) {
    const before = process.listenerCount(signal)
    assert.throws(() => onSignal(signal, 'snapshot'), (error) => {
      heapkitError(INVALID, why)(error)
      assert.match(error.message, new RegExp(`${signal}.*SIGUSR2`))
      assert.equal(error.option, 'signal')
      return true
    })
    assert.equal(process.listenerCount(signal), before)
  }
})

test('what is no signal is refused', { skip }, () => {
  for (const signal of [undefined, null, '', 'SIGNOPE', 'sigusr2', 'USR2', 12, os.constants.signals.SIGUSR2, 'exit', 'toString', '__proto__', {}, ['SIGUSR2'], Symbol('SIGUSR2')]) {
    assert.throws(() => onSignal(signal, 'snapshot'), heapkitError(INVALID, /`signal` must be the name of a signal/))
  }
})

test('wrong captures and options are refused by name, and nothing is armed', { skip }, () => {
  for (const capture of [undefined, null, '', 'heap', 'Snapshot', 1, 'toString']) {
    assert.throws(() => onSignal(SIGNAL, capture), heapkitError(INVALID, /`capture`/))
  }
  for (const [capture, option, value] of [
    ['cpu', 'seconds', 0], ['cpu', 'seconds', -1], ['cpu', 'seconds', 1.5], ['cpu', 'seconds', '1'], ['cpu', 'seconds', NaN], ['cpu', 'seconds', 1e9],
    ['snapshot', 'seconds', 5], ['snapshot', 'mode', 'x'], ['snapshot', 'exposeInternals', 1], ['snapshot', 'timeoutMs', 0], ['snapshot', 'format', 'cpuprofile'], ['cpu', 'format', 'heapprofile'],
    ['sampling', 'sampleInterval', -1], ['sampling', 'stackDepth', 129], ['sampling', 'format', 'cpuprofile'], ['cpu', 'sampleInterval', 1],
    ['timeline', 'trackAllocations', 'yes'], ['cpu', 'compression', 'brotli'], ['cpu', 'level', 10], ['cpu', 'dir', 1], ['cpu', 'maxFiles', 0],
    ['cpu', 'onArtifact', 'x'], ['cpu', 'onError', {}], ['cpu', 'signal', {}], ['cpu', 'onProgress', 1]
  ]) {
    assert.throws(() => onSignal(SIGNAL, capture, { [option]: value }), (error) => {
      heapkitError(INVALID)(error)
      assert.equal(error.option, option, error.message)
      return true
    })
  }
  for (const options of [null, [], 'x']) assert.throws(() => onSignal(SIGNAL, 'cpu', options), heapkitError(INVALID))
  assert.equal(process.listenerCount(SIGNAL), 0)
})

test('a signal has one capture', { skip }, (t) => {
  const { trigger } = arm(t, SIGNAL, 'snapshot')
  assert.throws(() => onSignal(SIGNAL, 'cpu'), heapkitError(INVALID, /armed already, for snapshot/))
  assert.equal(process.listenerCount(SIGNAL), 1)
  trigger.dispose()
  const again = arm(t, SIGNAL, 'cpu')
  assert.equal(again.trigger.capture, 'cpu')
})

test('worker threads, which signals do not reach, are told so', { skip }, async () => {
  const worker = new Worker(`
    const { onSignal } = require(${JSON.stringify(path.join(__dirname, '..'))})
    try { onSignal('SIGUSR2', 'snapshot') } catch ({ name, code, message }) { require('node:worker_threads').parentPort.postMessage({ name, code, message }) }
  `, { eval: true })
  const [[error]] = await Promise.all([once(worker, 'message'), once(worker, 'exit')])
  heapkitError('HEAPKIT_ERR_UNSUPPORTED', /main thread/)({ ...error, stack: '' })
})

// --- captures ---

test('several signals, each its own capture, all at the same time', { skip }, async (t) => {
  const dir = tmpDir(t)
  const armed = [
    arm(t, SIGNAL, 'snapshot', { dir }),
    arm(t, SECOND, 'sampling', { dir, seconds: 1, sampleInterval: 4096 }),
    arm(t, THIRD, 'cpu', { dir, seconds: 1, compression: 'none' })
  ]
  for (const { trigger } of armed) await send(trigger)
  const artifacts = await Promise.all(armed.map(({ next }) => next()))
  assert.deepEqual(artifacts.map(({ kind }) => kind), ['snapshot', 'sampling', 'cpu'])
  assert.deepEqual(artifacts.map(({ compression }) => compression), ['gzip', 'gzip', 'none'])
  for (const artifact of artifacts.slice(1)) {
    assert.ok(artifact.durationMs >= 999, `${artifact.durationMs} ms`)
    JSON.parse(readArtifact(artifact))
  }
  parseSnapshot(readArtifact(artifacts[0]))
  assert.deepEqual(ls(dir), artifacts.map((artifact) => path.basename(artifact.path)).sort())
  for (const { trigger } of armed) assert.deepEqual([trigger.received, trigger.ignored], [1, 0])
})

test('a profile on a signal may have another format', { skip }, async (t) => {
  const { trigger, next } = arm(t, SIGNAL, 'cpu', { dir: tmpDir(t), seconds: 1, format: 'pprof' })
  await send(trigger)
  const { kind, format, path: file } = await next()
  assert.deepEqual([kind, format], ['cpu', 'pprof'])
  assert.match(path.basename(file), /^CPU\..*\.pb\.gz$/)
})

test('a timeline on a signal', { skip }, async (t) => {
  const dir = tmpDir(t)
  const { trigger, next } = arm(t, SIGNAL, 'timeline', { dir, seconds: 1, trackAllocations: true })
  await send(trigger)
  const artifact = await next()
  assert.deepEqual([artifact.kind, artifact.format], ['timeline', 'heaptimeline'])
  parseSnapshot(readArtifact(artifact))
})

test('signals during a capture are counted and ignored; the next one after it captures again', { skip }, async (t) => {
  const dir = tmpDir(t)
  const { trigger, next } = arm(t, SIGNAL, 'cpu', { dir, seconds: 1 })
  assert.deepEqual([trigger.signal, trigger.capture, trigger.received, trigger.ignored], [SIGNAL, 'cpu', 0, 0])
  process.emit(SIGNAL, SIGNAL)
  process.emit(SIGNAL, SIGNAL)
  process.emit(SIGNAL, SIGNAL)
  assert.deepEqual([trigger.received, trigger.ignored], [3, 2])
  assert.equal((await next()).kind, 'cpu')
  assert.equal(ls(dir).length, 1)
  await send(trigger)
  assert.deepEqual([trigger.received, trigger.ignored], [4, 2])
  assert.equal((await next()).kind, 'cpu')
  assert.equal(ls(dir).length, 2)
})

test('a real signal during a capture is ignored too', { skip }, async (t) => {
  const child = run(t, 'signal-busy.js', { env: { DIR: tmpDir(t) } })
  await child.line(/^armed$/m)
  child.child.kill('SIGUSR2')
  await child.line(/^counts 1 0$/m)
  child.child.kill('SIGUSR2')
  await child.line(/^counts 2 1$/m)
  child.child.kill('SIGUSR2')
  await child.line(/^counts 3 2$/m)
})

// --- failures ---

test('a failure goes to onError, and the next signal captures', { skip }, async (t) => {
  const dir = tmpDir(t)
  const { trigger, next } = arm(t, SIGNAL, 'snapshot', { dir })
  const timeline = startTimeline()
  await send(trigger)
  heapkitError('HEAPKIT_ERR_BUSY', /timeline/)(await next())
  assert.deepEqual(ls(dir), [])
  await timeline[Symbol.asyncDispose]()
  await send(trigger)
  assert.equal((await next()).kind, 'snapshot')
  assert.deepEqual([trigger.received, trigger.ignored], [2, 0])
})

test('a session that cannot be written is not left running', { skip }, async (t) => {
  const { trigger, next } = arm(t, SIGNAL, 'sampling', { dir: path.join(tmpDir(t), 'x'), seconds: 1, minFreeBytes: 2 ** 50 })
  await send(trigger)
  heapkitError('HEAPKIT_ERR_NO_SPACE')(await next())
  await startSampling()[Symbol.asyncDispose]()
})

test('without onError a failure is a process warning', { skip }, async (t) => {
  const { trigger } = arm(t, SIGNAL, 'snapshot', { dir: tmpDir(t), minFreeBytes: 2 ** 50, onError: undefined })
  const warned = nextWarning()
  await send(trigger)
  const warning = await warned
  assert.deepEqual([warning.name, warning.code], ['HeapkitWarning', 'HEAPKIT_ERR_NO_SPACE'])
  assert.match(warning.message, /minFreeBytes/)
})

test('an AbortSignal ends a signal\'s capture', { skip }, async (t) => {
  const dir = tmpDir(t)
  const { trigger, next } = arm(t, SIGNAL, 'snapshot', { dir, signal: AbortSignal.abort() })
  await send(trigger)
  heapkitError('HEAPKIT_ERR_ABORTED')(await next())
  assert.deepEqual(ls(dir), [])
})

// --- beside others ---

test('a signal that has a listener already is shared, with a warning', { skip }, async (t) => {
  let seen = 0
  const other = () => { seen++ }
  process.on(SIGNAL, other)
  t.after(() => process.off(SIGNAL, other))
  const warned = nextWarning()
  const { trigger, next } = arm(t, SIGNAL, 'snapshot', { dir: tmpDir(t) })
  assertShared(await warned)
  await send(trigger)
  assert.equal((await next()).kind, 'snapshot')
  assert.equal(seen, 1)
})

test('a listener that comes later is told of too, once', { skip }, async (t) => {
  const others = [() => {}, () => {}]
  t.after(() => others.forEach((other) => process.off(SIGNAL, other)))
  arm(t, SIGNAL, 'snapshot')
  const warnings = await warningsOf(() => others.forEach((other) => process.on(SIGNAL, other)))
  assert.equal(warnings.length, 1)
  assertShared(warnings[0])
})

function assertShared ({ name, code, message }) {
  assert.deepEqual([name, code], ['HeapkitWarning', 'HEAPKIT_WARN_SIGNAL_SHARED'])
  assert.match(message, new RegExp(`${SIGNAL} has another listener.*snapshot`))
}

test('a signal that nobody else listens to is taken without a warning, and others are none of its business', { skip }, async (t) => {
  const other = () => {}
  t.after(() => process.off(SECOND, other))
  assert.deepEqual(await warningsOf(() => {
    arm(t, SIGNAL, 'cpu').trigger.dispose()
    arm(t, SIGNAL, 'cpu')
    process.on(SECOND, other)
  }), [])
})

/** The warnings that `work` makes. */
async function warningsOf (work) {
  const warnings = []
  const onWarning = (warning) => warnings.push(warning)
  process.on('warning', onWarning)
  work()
  // A warning is emitted in a later turn than what it is about.
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', onWarning)
  return warnings
}

// --- the end ---

for (const [how, dispose] of [['dispose()', (trigger) => trigger.dispose()], ['[Symbol.dispose]()', (trigger) => trigger[Symbol.dispose]()]]) {
  test(`after ${how} nothing listens, as often as it is called`, { skip }, (t) => {
    const others = process.listenerCount('newListener')
    const { trigger } = arm(t, SIGNAL, 'cpu')
    assert.equal(process.listenerCount(SIGNAL), 1)
    dispose(trigger)
    dispose(trigger)
    assert.deepEqual([process.listenerCount(SIGNAL), process.listenerCount('newListener')], [0, others])
    const again = arm(t, SIGNAL, 'snapshot')
    // The old one must not take the new one's place away.
    dispose(trigger)
    assert.equal(process.listenerCount(SIGNAL), 1)
    assert.throws(() => onSignal(SIGNAL, 'cpu'), heapkitError(INVALID, /armed already, for snapshot/))
    again.trigger.dispose()
  })
}

test('dispose() in the middle of a capture lets it end', { skip }, async (t) => {
  const dir = tmpDir(t)
  const { trigger, next } = arm(t, SIGNAL, 'snapshot', { dir })
  await send(trigger)
  trigger.dispose()
  assert.equal((await next()).kind, 'snapshot')
  assert.equal((await takeSnapshot({ dir })).kind, 'snapshot')
})

test('after dispose() the signal does again what it did before', { skip }, async (t) => {
  const { exit } = run(t, 'signal-disposed.js')
  assert.deepEqual(await exit, { code: null, signal: 'SIGUSR2' })
})

test('an armed signal does not keep the process alive, and neither does its session', { skip }, async (t) => {
  for (const args of [[], ['cpu'], ['sampling'], ['timeline']]) {
    const dir = tmpDir(t)
    const child = run(t, 'signal-idle.js', { args, env: { DIR: dir } })
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
    assert.equal(child.stdout(), `received ${args.length}\n`)
    assert.deepEqual(ls(dir), [])
  }
})

test('a snapshot on a signal is complete before the process exits', { skip }, async (t) => {
  const dir = tmpDir(t)
  const child = run(t, 'signal-idle.js', { args: ['snapshot'], env: { DIR: dir } })
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
  assert.equal(ls(dir).length, 1)
})
