'use strict'

// No capture of any kind is still running 5 s after its client, its deadline or its signal has gone. Where a capture would be over too soon
// for that, its disk never ends.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { current } = require('../lib/http/captures')
const { activeSession } = require('../lib/captures/session')
const { slotHolder } = require('../lib/captures/slot')
const { Writer } = require('../lib/native')
const { nextEvent, serve } = require('./http-support')
const { posix } = require('./needs')
const { tmpDir, ls, children, until } = require('./support')
const { createSnapshotStream, onSignal, startCpuProfile, startSampling, startTimeline, takeSnapshot } = require('..')

const LATEST_MS = 5000
const LIMIT_MS = 100
// Compresses so hard that no snapshot is complete before it is given up.
const SLOW = { compression: 'zstd', level: 19 }
const MODES = process.platform === 'linux' ? ['fork', 'inline'] : ['inline']

/** A capture of each kind that is under way for long; `options` end it. */
const CAPTURES = {}
for (const mode of MODES) {
  CAPTURES[`snapshot ${mode}`] = (options) => takeSnapshot({ ...SLOW, mode, ...options })
  CAPTURES[`stream ${mode}`] = (options) => createSnapshotStream({ ...SLOW, mode, ...options }).toArray()
}
for (const [kind, start] of Object.entries({ sampling: startSampling, timeline: startTimeline, cpu: startCpuProfile })) {
  CAPTURES[kind] = async (options) => {
    const session = start()
    try {
      await session.stop(options)
    } finally {
      await session[Symbol.asyncDispose]()
    }
  }
}

function neverEnds (t) {
  t.mock.method(Writer.prototype, 'finish', () => new Promise(() => {}))
  // Nothing of heapkit's keeps this process alive while the test waits.
  const awake = setInterval(() => {}, 60_000)
  t.after(() => clearInterval(awake))
}

/** Nothing of it is left, in time: `since` is when it was to end. */
async function assertGone (dir, since) {
  const left = () => [slotHolder(), current(), ...['sampling', 'timeline', 'cpu'].map(activeSession), ...children(), ...ls(dir)].filter(Boolean)
  await until(() => left().length === 0, 'the end of the capture')
  const took = performance.now() - since
  assert.ok(took < LATEST_MS, `${took} ms`)
}

for (const [what, capture] of Object.entries(CAPTURES)) {
  const isSession = !/ /.test(what)

  test(`${what}: its deadline`, { timeout: 60_000 }, async (t) => {
    const dir = tmpDir(t)
    if (isSession) neverEnds(t)
    const due = performance.now() + LIMIT_MS
    await assert.rejects(capture({ dir, timeoutMs: LIMIT_MS }), { code: 'HEAPKIT_ERR_TIMEOUT' })
    await assertGone(dir, due)
  })

  test(`${what}: its AbortSignal`, { timeout: 60_000 }, async (t) => {
    const dir = tmpDir(t)
    if (isSession) neverEnds(t)
    const given = new AbortController()
    let since
    const abort = () => {
      since ??= performance.now()
      given.abort()
    }
    const onProgress = ({ phase }) => { if (phase === (isSession ? 'writing' : 'serializing')) abort() }
    await assert.rejects(capture({ dir, signal: given.signal, onProgress }), { code: 'HEAPKIT_ERR_ABORTED' })
    await assertGone(dir, since)
  })
}

const OVER_HTTP = {}
for (const mode of MODES) {
  for (const target of ['/snapshot?', '/snapshot?download=1&']) OVER_HTTP[`POST ${target} ${mode}`] = { target, options: { ...SLOW, mode } }
}
for (const kind of ['sampling', 'timeline', 'cpu']) OVER_HTTP[`POST /${kind}`] = { target: `/${kind}?`, options: {}, isTimed: true }

for (const [what, { target, options, isTimed }] of Object.entries(OVER_HTTP)) {
  test(`${what}: its client`, { timeout: 60_000 }, async (t) => {
    const { dir, start } = await serve(t, options)
    const begun = nextEvent('start')
    const asked = start('POST', target + (isTimed ? 'seconds=60' : ''))
    await begun
    asked.destroy()
    await assertGone(dir, performance.now())
  })

  test(`${what}: its deadline`, { timeout: 60_000 }, async (t) => {
    const { dir, request } = await serve(t, options)
    if (isTimed) neverEnds(t)
    const due = performance.now() + LIMIT_MS + (isTimed ? 10 : 0)
    // A download may have begun: then it breaks off.
    await request('POST', `${target}timeoutMs=${LIMIT_MS}${isTimed ? '&seconds=0.01' : ''}`)
      .then(({ status }) => assert.equal(status, 504), ({ code }) => assert.equal(code, 'ECONNRESET'))
    await assertGone(dir, due)
  })
}

for (const kind of ['snapshot', 'sampling', 'timeline', 'cpu']) {
  const options = kind === 'snapshot' ? SLOW : { seconds: 1 }
  const skip = posix('signals from others')

  test(`${kind} on a signal: its deadline`, { skip, timeout: 60_000 }, async (t) => {
    const dir = tmpDir(t)
    if (kind !== 'snapshot') neverEnds(t)
    const failed = fire(t, kind, { ...options, dir, timeoutMs: LIMIT_MS })
    const due = performance.now() + LIMIT_MS + (options.seconds ?? 0) * 1000
    assert.equal((await failed).code, 'HEAPKIT_ERR_TIMEOUT')
    await assertGone(dir, due)
  })

  test(`${kind} on a signal: its AbortSignal`, { skip, timeout: 60_000 }, async (t) => {
    const dir = tmpDir(t)
    const given = new AbortController()
    const begun = nextEvent('start')
    const failed = fire(t, kind, { ...options, ...(kind !== 'snapshot' && { seconds: 60 }), dir, signal: given.signal })
    await begun
    const since = performance.now()
    given.abort()
    assert.equal((await failed).code, 'HEAPKIT_ERR_ABORTED')
    await assertGone(dir, since)
  })
}

/** A capture by a signal that this process gets; resolves with its error. */
function fire (t, kind, options) {
  return new Promise((resolve, reject) => {
    const trigger = onSignal('SIGIO', kind, { ...options, onArtifact: () => reject(new Error('it was complete')), onError: resolve })
    t.after(() => trigger.dispose())
    const awake = setInterval(() => {}, 60_000)
    t.after(() => clearInterval(awake))
    process.kill(process.pid, 'SIGIO')
  })
}
