'use strict'

// A capture ends when it is due, whatever its disk does.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { startCpuProfile, startSampling, startTimeline } = require('..')
const { Writer } = require('../lib/native')
const { serve } = require('./http-support')
const { posix } = require('./needs')
const { tmpDir, until, heapkitError } = require('./support')

/** A disk that answers nothing of what `names` ask. */
function hang (t, ...names) {
  for (const name of names) t.mock.method(Writer.prototype, name, () => new Promise(() => {}))
}

const LIMIT_MS = 200
// It was the limit and two whole seconds.
const SOON_MS = 1500

for (const [kind, start] of [['sampling', startSampling], ['cpu', startCpuProfile]]) {
  for (const step of ['open', 'finish']) {
    test(`with a disk that hangs at ${step} a ${kind} capture rejects when it is due`, { skip: step === 'finish' && posix('the directory of an open file is removed') }, async (t) => {
      hang(t, step, 'abort')
      const session = start()
      const began = performance.now()
      const failed = assert.rejects(session.stop({ dir: tmpDir(t), timeoutMs: LIMIT_MS }), heapkitError('HEAPKIT_ERR_TIMEOUT'))
      // What waits for a disk that does not answer has nothing that keeps the process alive.
      let isOver = false
      failed.finally(() => { isOver = true }).catch(() => {})
      await until(() => isOver)
      await failed
      const took = performance.now() - began
      assert.ok(took >= LIMIT_MS && took < SOON_MS, `${took} ms`)
      t.mock.restoreAll()
      await session[Symbol.asyncDispose]()
      await start()[Symbol.asyncDispose]()
    })
  }
}

test('an operator ends a timeline whose stop() waits for a disk that hangs', { timeout: 30_000 }, async (t) => {
  const { request, dir } = await serve(t)
  const session = startTimeline()
  hang(t, 'open', 'abort')
  const failed = assert.rejects(session.stop({ dir }), heapkitError('HEAPKIT_ERR_ABORTED', /an operator ended it/))
  assert.equal((await request('DELETE', '/capture')).json().ended.kind, 'timeline')
  await failed
  t.mock.restoreAll()
  await startTimeline()[Symbol.asyncDispose]()
})

test('a client that goes away ends a capture whose disk hangs', { timeout: 30_000 }, async (t) => {
  const { request, start } = await serve(t)
  hang(t, 'open', 'abort')
  const asked = start('POST', '/timeline?seconds=0.01')
  await until(() => Writer.prototype.open.mock.callCount() > 0)
  asked.destroy()
  await until(async () => (await request('GET', '/status')).json().capture === null)
  t.mock.restoreAll()
  assert.equal((await request('POST', '/timeline?seconds=0.01')).status, 201)
})
