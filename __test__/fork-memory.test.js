'use strict'

// Whether there is memory for a forked snapshot: what is refused, when, and with what words; what is remembered.

const assert = require('node:assert/strict')
const path = require('node:path')
const { describe, test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { takeSnapshot } = require('..')
const { controlGroup, linux } = require('./needs')
const { FIXTURES, tmpDir, ls, run, heapkitError } = require('./support')

const MIB = 2 ** 20
const PLENTY = 2 ** 50

const failure = (record) => Object.assign(new Error(), { name: 'HeapkitError' }, record)
const memoryError = (pattern) => heapkitError('HEAPKIT_ERR_MEMORY', pattern)

describe('memory for a forked snapshot', { skip: linux('fork') }, () => {
  test('is estimated by what the last one took; the heap of another thread is another heap', async (t) => {
    const dir = tmpDir(t)
    await takeSnapshot({ dir, mode: 'fork' })
    const outcome = takeSnapshot({ dir, mode: 'fork', memory: { reserveBytes: PLENTY } })
    await assert.rejects(outcome, memoryError(/it needs about \d+ MiB for the \d+ MiB of heap in use, because the last one, \d+ s ago, took \d+ MiB for \d+ MiB, and/))
    const worker = new Worker(`
      const { parentPort, workerData: { root, dir, reserveBytes } } = require('node:worker_threads')
      require(root).takeSnapshot({ dir, mode: 'fork', memory: { reserveBytes } }).catch(({ code, message }) => parentPort.postMessage({ code, message }))
    `, { eval: true, workerData: { root: path.join(FIXTURES, '../..'), dir, reserveBytes: PLENTY } })
    const error = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    memoryError(/it needs at least \d+ MiB for the \d+ MiB of heap in use, and/)(failure(error))
    assert.equal(ls(dir).length, 1)
  })

  const { missing, command } = controlGroup('memory', { 1: 'memory.limit_in_bytes' }, 500 * MIB)

  /** What came of snapshots with these options of so many thousand objects in the group. */
  async function inGroup (t, dir, thousands, options) {
    const service = run(t, 'fork-memory.js', { args: [dir, String(thousands), JSON.stringify(options)], command })
    const [line] = await service.line(/\[.*\]/)
    assert.deepEqual(await service.exit, { code: 0, signal: null })
    return JSON.parse(line)
  }

  test('that is not enough is told by the number of objects; once killed, the next is refused at once', { skip: missing }, async (t) => {
    const dir = tmpDir(t)
    const force = { memory: { force: true } }
    // A child takes more than 1000 MiB for so many.
    const [counted, again, killed, remembered, forced, small] = await inGroup(t, dir, 800, [{}, { stableIds: true }, force, {}, force, { memory: { reserveBytes: MIB } }])
    for (const one of [counted, again]) {
      memoryError(/it needs about \d{4} MiB for the \d{6,7} objects in \d\d MiB of heap in use \(up to \d{6,7} of them in one array\), and 64 MiB are to stay free; \d{3} MiB are available of the 500 MiB that the control group .*heapkit-test-memory/)(failure(one))
      assert.doesNotMatch(one.message, /heapkit-count/)
    }
    memoryError(/only \d+ MiB were left of the 500 MiB .* It had taken \d{3} MiB of about \d{4} MiB that it needs, for \d\d MiB of heap in use/)(failure(killed))
    memoryError(/it needs more than \d{3} MiB for the \d\d MiB of heap in use, because the last one, \d+ s ago, was killed when it had taken that for \d\d MiB/)(failure(remembered))
    memoryError(/only \d+ MiB were left/)(failure(forced))
    memoryError(/it needs more than \d{3} MiB/)(failure(small))
    assert.deepEqual(ls(dir), [])
  })

  test('that is enough by the count is delivered', { skip: missing }, async (t) => {
    const dir = tmpDir(t)
    // The most that so much heap may need is more than there is; these objects need about half of it.
    assert.deepEqual(await inGroup(t, dir, 150, [{}, {}, { stableIds: true }]), ['delivered', 'delivered', 'delivered'])
    assert.equal(ls(dir).length, 3)
  })
})
