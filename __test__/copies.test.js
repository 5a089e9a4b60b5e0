'use strict'

// Packages may each bring a copy of heapkit along: in one process they are one.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { linux } = require('./needs')
const { tmpDir, run } = require('./support')

const ROOT = path.join(__dirname, '..')

/** A copy of the package, with a file of its own for the addon. */
function copy (dir, name) {
  const there = path.join(dir, name, 'node_modules', 'heapkit')
  for (const part of ['index.js', 'package.json', 'lib']) fs.cpSync(path.join(ROOT, part), path.join(there, part), { recursive: true })
  return there
}

test('copies of heapkit share the slot, over threads, and sessions and defaults', {
  skip: linux('elsewhere copies share nothing over threads')
}, async (t) => {
  const dir = tmpDir(t)
  const artifacts = path.join(dir, 'artifacts')
  const child = run(t, 'copies.js', { args: [copy(dir, 'a'), copy(dir, 'b'), artifacts] })
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
  assert.deepEqual(JSON.parse(child.stdout()), {
    different: true,
    timeline: 'HEAPKIT_ERR_BUSY thread 0',
    snapshot: 'HEAPKIT_ERR_BUSY',
    worker: 'HEAPKIT_ERR_BUSY thread 0',
    otherWorker: 'works',
    threads: '[its thread] copies.js,main',
    main: 'HEAPKIT_ERR_BUSY its thread',
    mainAfterwards: 'works',
    startSampling: 'HEAPKIT_ERR_BUSY',
    startCpuProfile: 'HEAPKIT_ERR_BUSY',
    stoppedByTheOther: 'sampling',
    stopped: 'HEAPKIT_ERR_NOT_ACTIVE',
    defaults: 'none',
    defaultsOfAnother: 'gzip'
  })
})
