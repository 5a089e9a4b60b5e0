'use strict'

// Who is waited for while a child works, and for how long: readers and disks that take nothing, children that the kernel holds.
// The patience is shorter than that of real captures.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { describe, test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { controlGroup, freezableVolume, freezer: noFreezer, linux } = require('./needs')
const { tmpDir, ls, run, children, until, heapkitError, cleanEnv, parseSnapshot, readArtifact } = require('./support')
const { heapFacts } = require('../lib/captures/census')
const native = require('../lib/native')
const { nodeOption, v8PoolSize } = require('../lib/node-options')
const { takeSnapshot } = require('..')

const CHUNK = Buffer.alloc(64 * 1024, '1')

const thread = (name) => fs.readdirSync('/proc/self/task').find((id) => fs.readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim() === name)

function writerTo (dir, options) {
  return new native.Writer({
    dir, prefix: 'Heap.20261120.000000.1.0', extension: 'heapsnapshot', stream: false, producerWaits: true, compression: 'none', level: 0, ...options
  })
}

const prepare = (twin, writer) => twin.prepare(writer, { ...heapFacts(), hasNumbers: false, reserveBytes: 0, force: true }, { maxCpu: 1, v8PoolSize: v8PoolSize() })

/** Forks a child that does `work(output)`; the promise is the watch's answer. */
async function forked (writer, work) {
  const twin = new native.ForkedWork()
  await prepare(twin, writer)
  await until(() => twin.isQuiet(), 'V8\'s workers to sleep')
  const answer = twin.fork(work)
  // A stream's child alone keeps no process alive.
  const alive = setInterval(() => {}, 1000)
  const end = () => clearInterval(alive)
  answer.then(end, end)
  return { answer }
}

function writeForEver (output) {
  for (;;) fs.writeSync(output, CHUNK)
}

/** A small file system that can be made to hang. */
function disk (t) {
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-test-'))
  const [image, dir] = [path.join(base, 'image'), path.join(base, 'mount')]
  const must = (...command) => assert.equal(spawnSync(command[0], command.slice(1)).status, 0, command.join(' '))
  fs.writeFileSync(image, '')
  fs.truncateSync(image, 64 * 2 ** 20)
  fs.mkdirSync(dir)
  must('mke2fs', '-q', '-t', 'ext4', image)
  must('mount', '-o', 'loop', image, dir)
  const thaw = () => spawnSync('fsfreeze', ['-u', dir])
  t.after(() => {
    thaw()
    must('umount', dir)
    fs.rmSync(base, { recursive: true })
  })
  const inside = path.join(dir, 'artifacts')
  return { dir: inside, freeze: () => must('fsfreeze', '-f', dir), thaw }
}

/** A control group of version 1 that stops what is in it as a driver that does not come back would: a kill has to wait. */
function freezer (t) {
  const group = `/sys/fs/cgroup/freezer/heapkit-test-${process.pid}-${Math.random().toString(36).slice(2)}`
  const set = (state) => fs.writeFileSync(path.join(group, 'freezer.state'), state)
  try {
    fs.mkdirSync(group)
    set('THAWED')
  } catch {
    return undefined
  }
  t.after(async () => {
    set('THAWED')
    for (const id of fs.readFileSync(path.join(group, 'tasks'), 'utf8').split('\n').filter(Boolean)) {
      try { fs.writeFileSync('/sys/fs/cgroup/freezer/tasks', id) } catch {}
    }
    await until(() => { try { fs.rmdirSync(group); return true } catch { return !fs.existsSync(group) } }, 'the group to be empty')
  })
  return {
    freeze: async (id) => {
      fs.writeFileSync(path.join(group, 'tasks'), String(id))
      set('FROZEN')
      await until(() => fs.readFileSync(path.join(group, 'freezer.state'), 'utf8').trim() === 'FROZEN', 'it to be frozen')
    },
    thaw: () => set('THAWED')
  }
}

describe('the watch of a child', { skip: linux('fork') }, () => {
  test('gives up a stream that nobody reads, and ends its child', { timeout: 120_000 }, async (t) => {
    const writer = writerTo(tmpDir(t), { stream: true, patienceMs: 500, queueBytes: 2 ** 20 })
    await writer.open()
    const { answer } = await forked(writer, writeForEver)
    await assert.rejects(answer, heapkitError('HEAPKIT_ERR_STALLED', /Nobody read from the stream for \d+ s while \d+ bytes were waiting.*Read the stream to its end/))
    assert.deepEqual(children(), [])
    await writer.abort('it stalled')
  })

  test('has all the time for a reader that takes something now and then', { timeout: 120_000 }, async (t) => {
    const patienceMs = 3000
    const writer = writerTo(tmpDir(t), { stream: true, patienceMs, queueBytes: 2 ** 20 })
    await writer.open()
    const { answer } = await forked(writer, writeForEver)
    let answered = false
    answer.finally(() => { answered = true }).catch(() => {})
    // Less than what makes room for another piece, each time, for longer than the patience.
    const started = performance.now()
    while (performance.now() - started < 2 * patienceMs) {
      assert.ok((await writer.read()).length > 0)
      await sleep(patienceMs / 4)
      assert.equal(answered, false)
    }
    await writer.abort('enough was read')
    assert.equal(await answer, null)
    assert.deepEqual(children(), [])
  })

  test('gives up a disk that takes nothing', { skip: freezableVolume(), timeout: 120_000 }, async (t) => {
    const { dir, freeze, thaw } = disk(t)
    const writer = writerTo(dir, { patienceMs: 500, queueBytes: 2 ** 20 })
    await writer.open()
    freeze()
    const { answer } = await forked(writer, writeForEver)
    await assert.rejects(answer, heapkitError('HEAPKIT_ERR_STALLED', /The disk took no data for \d+ s while \d+ bytes were waiting.*Check the volume/))
    assert.deepEqual(children(), [])
    thaw()
    await writer.abort('it stalled')
    // That did not wait for a disk which had hung until then; what was left goes by itself.
    await until(() => ls(dir).length === 0, 'the temporary to be gone')
    await takeSnapshot({ dir: tmpDir(t) })
  })

  test('answers although the kernel does not let its child go, and leaves no zombie when it does', { skip: noFreezer(), timeout: 120_000 }, async (t) => {
    const { freeze, thaw } = freezer(t)
    const writer = writerTo(tmpDir(t), { queueBytes: 2 ** 20 })
    await writer.open()
    const { answer } = await forked(writer, () => { for (;;); })
    const [pid] = children()
    await freeze(pid)
    await writer.abort('enough')
    assert.equal(await answer, null)
    assert.deepEqual(children(), [pid])
    thaw()
    await until(() => children().length === 0, 'the child to be gone')
    await until(() => thread('heapkit-fork') === undefined, 'the thread to end')
  })
})

test('children are forked one after another: who looked at the memory that another had just unmarked would fork a child without it', { skip: linux('fork') }, async (t) => {
  const dir = tmpDir(t)
  const twins = [new native.ForkedWork(), new native.ForkedWork()]
  const writers = twins.map(() => writerTo(dir))
  for (const writer of writers) await writer.open()
  await prepare(twins[0], writers[0])
  let isPrepared = false
  const second = prepare(twins[1], writers[1]).then(() => { isPrepared = true })
  // As long as it would take, and longer.
  for (let turn = 0; turn < 20; turn++) {
    fs.readFileSync('/proc/self/smaps')
    await sleep(5)
  }
  assert.equal(isPrepared, false)
  twins[0].dropPrepared()
  await second
  twins[1].dropPrepared()
  for (const writer of writers) await writer.abort('over')
})

test('V8\'s pool has the size that Node.js was told', { skip: linux('/proc tells threads') }, () => {
  const from = (NODE_OPTIONS, ...execArgv) => v8PoolSize({ env: { NODE_OPTIONS }, execArgv })
  const some = Math.max(os.availableParallelism() - 1, 1)
  assert.equal(from(undefined), 4)
  assert.equal(from('--max-old-space-size=9 --v8-pool-size=7'), 7)
  assert.equal(from('--v8-pool-size 7'), 7)
  assert.equal(from('--v8-pool-size=7', '--v8_pool_size=2'), 2)
  assert.equal(from('', '--v8-pool-size', '3', '--inspect=0'), 3)
  for (const none of ['0', '-1', 'x']) assert.equal(from('', `--v8-pool-size=${none}`), some)
  assert.equal(nodeOption('--diagnostic-dir', { env: {}, execArgv: ['--diagnostic-dir=a=b'] }), 'a=b')

  // What we believe of it, and how many threads a process that has done nothing really has.
  const script = 'const { length } = require("node:fs").readdirSync("/proc/self/task");' +
    `console.log(JSON.stringify([require(${JSON.stringify(require.resolve('../lib/node-options'))}).v8PoolSize(), length]))`
  const ask = (...args) => JSON.parse(spawnSync(process.execPath, [...args, '-e', script], { env: cleanEnv(), encoding: 'utf8' }).stdout)
  const [, others] = ask('--v8-pool-size=1')
  for (const size of [2, 4, 9]) assert.deepEqual(ask(`--v8-pool-size=${size}`), [size, others + size - 1])
  assert.deepEqual(ask('--v8-pool-size=0'), [some, others + some - 1])
  assert.deepEqual(ask(), [4, others + 3])
})

describe('a CPU quota', () => {
  const { missing, setLimit: setQuota, command } = controlGroup('cpu', { 1: 'cpu.cfs_quota_us' }, 30_000)
  const service = (t, dir, options) => run(t, 'fork-service.js', { args: [dir, '25', JSON.stringify(options)], command })

  test('holds a snapshot back, which says so, and as soon as it is lifted no longer', { skip: missing, timeout: 240_000 }, async (t) => {
    const dir = tmpDir(t)
    setQuota(30_000)
    const child = service(t, dir, { progress: true })
    const [, share] = await child.line(/"cpuShare":([\d.e-]+)/)
    assert.ok(share > 0 && share <= 0.27, share)
    setQuota(-1)
    const { artifact } = JSON.parse((await child.line(/\{"artifact".*\}/))[0])
    assert.ok(artifact.heldBackMs > 0 && artifact.heldBackMs <= artifact.durationMs, `${artifact.heldBackMs} of ${artifact.durationMs} ms`)
    parseSnapshot(readArtifact(artifact))
    assert.deepEqual(await child.exit, { code: 0, signal: null })
  })

  test('is of no account with maxCpu: 1, and without one nothing is held back', { skip: missing, timeout: 240_000 }, async (t) => {
    const dir = tmpDir(t)
    for (const [quota, options] of [[60_000, { maxCpu: 1 }], [-1, {}]]) {
      setQuota(quota)
      const child = service(t, dir, { progress: true, ...options })
      const { artifact } = JSON.parse((await child.line(/\{"artifact".*\}/))[0])
      assert.equal(artifact.heldBackMs, 0)
      assert.doesNotMatch(child.stdout(), /cpuShare/)
      await child.exit
    }
  })
})
