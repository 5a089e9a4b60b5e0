'use strict'

// Test suites replace timers and clocks, and services patch them. A capture waits for none of them.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { tmpDir, run } = require('./support')

const linux = process.platform === 'linux'

const OF_A_MODE = (mode) => [
  `snapshot ${mode}: snapshot`,
  `snapshot ${mode} fails: HEAPKIT_ERR_NO_SPACE`,
  `snapshot ${mode} with a limit: HEAPKIT_ERR_TIMEOUT`,
  `snapshot ${mode} aborted: HEAPKIT_ERR_ABORTED`,
  `stream ${mode}: snapshot`,
  `stream ${mode} aborted: HEAPKIT_ERR_ABORTED`
]
const OF_A_SESSION = (kind) => [`${kind}: ${kind}`, `${kind} fails: HEAPKIT_ERR_NO_SPACE`, `${kind} aborted: HEAPKIT_ERR_ABORTED`, `${kind} over HTTP: ${kind}`]
const expected = (when) => [
  ...(linux ? ['inline', 'fork'] : ['inline']).flatMap(OF_A_MODE),
  ...['sampling', 'cpu', 'timeline'].flatMap(OF_A_SESSION),
  'snapshot over HTTP: snapshot',
  'download over HTTP: 200, true',
  'download over HTTP that nobody reads: over, 1000',
  'reading a snapshot: done'
]

for (const [when, title] of [
  ['before', 'by fake timers before heapkit was loaded'],
  ['after', 'by fake timers afterwards'],
  ['mock', "by node:test's own"]
]) {
  // The limit is for a capture that never ends.
  test(`every capture ends, and knows the time, when time was stopped ${title}`, { timeout: 90_000 }, async (t) => {
    const child = run(t, 'time-replaced.js', { args: [tmpDir(t), when] })
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
    assert.deepEqual(child.stdout().trim().split('\n'), expected(when))
  })
}
