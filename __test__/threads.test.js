'use strict'

// Profiles of all threads of a process: workers need not help, those that end or hang lose nothing of the others, and nothing is left running.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { linux } = require('./needs')
const { FIXTURES, tmpDir, heapkitError } = require('./support')
const { openProfile, startCpuProfile, startSampling } = require('..')

// Their functions may be inlined; the file is always there.
const IN_WORKER = /fixtures\/threads\.js/

function burnInMain () {
  const until = process.cpuUsage().user + 200_000
  while (process.cpuUsage().user < until);
}

function keepInMain () {
  return Array.from({ length: 20_000 }, (_, index) => ({ index }))
}

/** A worker that is there. When it hangs, it does so until it is released. */
async function begin (t, name) {
  const lock = path.join(tmpDir(t), 'lock')
  const worker = new Worker(path.join(FIXTURES, 'threads.js'), { name, workerData: { lock } })
  t.after(() => worker.terminate())
  await once(worker, 'online')
  const tell = async (act) => {
    worker.postMessage(act)
    await once(worker, act === 'leave' ? 'exit' : 'message')
  }
  const release = async () => {
    const over = once(worker, 'message')
    fs.writeFileSync(lock, '')
    await over
  }
  return { tell, release }
}

/** Folded stacks of a capture, by thread: Map(name, text). */
async function stacks (artifact, value) {
  const profile = await openProfile(artifact.path)
  const text = String(await profile.convert('folded', value === undefined ? {} : { value }))
  profile.close()
  const threads = new Map()
  for (const line of text.trimEnd().split('\n')) {
    const [thread] = line.split(';', 1)
    threads.set(thread, `${threads.get(thread) ?? ''}${line}\n`)
  }
  return { threads, comments: profile.comments }
}

const find = (threads, name) => [...threads].find(([thread]) => thread.includes(name))?.[1] ?? ''

test('a CPU profile of all threads has those that were there and those that came, each by its name', async (t) => {
  const first = await begin(t, 'pricing')
  const session = startCpuProfile({ sampleInterval: 500, threads: true })
  const second = await begin(t, 'mailing')
  await first.tell('burnInWorker')
  await second.tell('burnInWorker')
  burnInMain()
  const artifact = await session.stop({ dir: tmpDir(t) })
  assert.equal(artifact.format, 'pprof')
  const { threads } = await stacks(artifact)
  assert.match(find(threads, 'main'), /burnInMain/)
  assert.doesNotMatch(find(threads, 'main'), IN_WORKER)
  for (const name of ['pricing', 'mailing']) assert.match(find(threads, name), IN_WORKER, `${[...threads.keys()]}`)
})

test('a worker that ends meanwhile, or that nothing reaches, loses nothing of the others', async (t) => {
  const [leaving, hanging, staying] = [await begin(t, 'leaving'), await begin(t, 'hanging'), await begin(t, 'staying')]
  const session = startCpuProfile({ sampleInterval: 500, threads: true })
  for (const one of [leaving, hanging, staying]) await one.tell('burnInWorker')
  await leaving.tell('leave')
  await hanging.tell('hang')
  const { threads, comments } = await stacks(await session.stop({ dir: tmpDir(t) }))
  await hanging.release()
  assert.match(find(threads, 'staying'), IN_WORKER)
  assert.deepEqual([find(threads, 'leaving'), find(threads, 'hanging')], ['', ''])
  assert.ok(comments.some((comment) => /^without the thread .*hanging: it did not answer within 10 s$/.test(comment)), `${comments}`)
})

test('a session of all threads that is given up leaves nothing behind, and another can begin', async (t) => {
  const { tell } = await begin(t, 'again')
  for (let round = 0; round < 3; round++) await startCpuProfile({ threads: true })._dispose()
  const session = startCpuProfile({ sampleInterval: 500, threads: true })
  await tell('burnInWorker')
  const { threads } = await stacks(await session.stop({ dir: tmpDir(t) }))
  assert.match(find(threads, 'again'), IN_WORKER)
})

test("V8's own format has room for one thread", async (t) => {
  const session = startCpuProfile({ threads: true })
  const dir = tmpDir(t)
  const refused = heapkitError('HEAPKIT_ERR_INVALID_OPTION', /'cpuprofile' has room for one thread/)
  await assert.rejects(session.stop({ dir, format: 'cpuprofile' }), refused)
  await assert.rejects(session.stop({ file: path.join(dir, 'a.cpuprofile') }), refused)
  const artifact = await session.stop({ file: path.join(dir, 'a.pb.gz') })
  assert.equal(artifact.format, 'pprof')
})

for (const mode of ['inline', 'fork']) {
  test(`a sampling profile of all threads has what each keeps, and goes on: ${mode}`, { skip: mode === 'fork' && linux('fork') }, async (t) => {
    const worker = await begin(t, 'keeping')
    const dir = tmpDir(t)
    const session = startSampling({ sampleInterval: 1024, threads: true })
    await worker.tell('keepInWorker')
    globalThis.keptInMain = keepInMain()
    for (const artifact of [await session.capture({ dir, mode }), await session.stop({ dir, mode })]) {
      assert.deepEqual([artifact.format, artifact.mode], ['pprof', mode])
      const { threads } = await stacks(artifact)
      assert.match(find(threads, 'main'), /keepInMain/)
      assert.match(find(threads, 'keeping'), IN_WORKER)
    }
    // It has stopped in the worker, too.
    const next = startSampling({ sampleInterval: 1024, threads: true })
    assert.ok((await stacks(await next.stop({ dir, mode }))).comments.every((comment) => !comment.startsWith('without')))
  })
}

test('a worker that samples itself is left alone', async (t) => {
  const worker = await begin(t, 'itself')
  await worker.tell('sampleItself')
  const dir = tmpDir(t)
  const session = startSampling({ sampleInterval: 1024, threads: true })
  const { comments } = await stacks(await session.stop({ dir, mode: 'inline' }))
  assert.ok(comments.some((comment) => /^without the thread .*itself: it has one of its own$/.test(comment)), `${comments}`)
  await worker.tell('mustStillSample')
})
