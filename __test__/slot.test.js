'use strict'

// The place for a capture is free again after everything that can be done to one.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { tmpDir, run } = require('./support')

// The limit is for a capture that never ends.
test('whatever throws or hangs in the middle of a capture, the next one works', { timeout: 400_000 }, async (t) => {
  const child = run(t, 'slot-hostile.js', { args: [tmpDir(t)] })
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stdout() + child.stderr())
  const lines = child.stdout().trim().split('\n')
  assert.match(lines.pop(), /^\d+ ways$/)
  assert.deepEqual(lines.filter((line) => !line.endsWith(': ok')), [])
})
