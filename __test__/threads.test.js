'use strict'

// Profiles of all threads of a process: workers that have heapkit take part, those that end or hang lose nothing of the others, and nothing is left running.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { BroadcastChannel, Worker } = require('node:worker_threads')
const { linux, posix } = require('./needs')
const { FIXTURES, tmpDir, ls, run, until, heapkitError } = require('./support')
const { onSignal, openProfile, startCpuProfile, startSampling } = require('..')
const { CHANNEL } = require('../lib/captures/workers')
const { deferred } = require('../lib/promises')

// Their functions may be inlined; the file is always there.
const IN_WORKER = /fixtures\/threads\.js/
const IN_MAIN = /threads\.test\.js/

function burnInMain () {
  const until = process.cpuUsage().user + 200_000
  while (process.cpuUsage().user < until);
}

function keepInMain () {
  return Array.from({ length: 20_000 }, (_, index) => ({ index }))
}

/** A worker that has begun to listen. When it hangs, it does so until it is released. What a session has said before `beThere`, has arrived when that is answered. */
async function begin (t, name, resourceLimits) {
  const lock = path.join(tmpDir(t), 'lock')
  const worker = new Worker(path.join(FIXTURES, 'threads.js'), { name, resourceLimits, workerData: { lock } })
  t.after(() => worker.terminate())
  const { threadId } = worker
  const tell = async (act) => {
    worker.postMessage(act)
    await once(worker, act === 'leave' ? 'exit' : 'message')
  }
  const letGo = () => fs.writeFileSync(lock, '')
  const release = async () => {
    const over = once(worker, 'message')
    letGo()
    await over
  }
  await tell('beThere')
  return { worker, threadId, tell, letGo, release }
}

/** Folded stacks of a capture, by the id of the thread (0: main): Map(id, text); what the threads are called; and the profile's comments. */
async function stacks (artifact, value) {
  const profile = await openProfile(artifact.path)
  const text = String(await profile.convert('folded', value === undefined ? {} : { value }))
  profile.close()
  const [threads, names] = [new Map(), new Map()]
  for (const line of text.trimEnd().split('\n')) {
    const [name] = line.split(';', 1)
    const id = Number(/^\[worker (\d+)\]/.exec(name)?.[1] ?? 0)
    names.set(id, name)
    threads.set(id, `${threads.get(id) ?? ''}${line}\n`)
  }
  return { threads, names, comments: profile.comments }
}

test('a CPU profile of all threads has those that were there and those that came, each by its name', async (t) => {
  const first = await begin(t, 'pricing')
  const session = startCpuProfile({ sampleInterval: 500, threads: true })
  const second = await begin(t, 'mailing')
  await first.tell('beThere')
  await first.tell('burnInWorker')
  await second.tell('burnInWorker')
  burnInMain()
  const artifact = await session.stop({ dir: tmpDir(t) })
  assert.equal(artifact.format, 'pprof')
  const { threads, names, comments } = await stacks(artifact)
  assert.match(threads.get(0), IN_MAIN)
  assert.equal(names.get(0), 'main')
  assert.doesNotMatch(threads.get(0), IN_WORKER)
  for (const { threadId, worker } of [first, second]) {
    assert.match(threads.get(threadId), IN_WORKER)
    // Node tells a worker its name from 22.20 and 24.6 on.
    assert.match(names.get(threadId), worker.threadName === undefined ? /threads\.js$/ : /\] (pricing|mailing)$/)
  }
  assert.ok(!comments.some((comment) => comment.startsWith('without')), `${comments}`)
  const profile = await openProfile(artifact.path)
  const { rows, total } = await profile.top({ by: 'thread' })
  assert.deepEqual(rows.map(({ name }) => name).sort(), [...names.values()].sort())
  assert.equal(rows.reduce((sum, { flat }) => sum + flat, 0), total)
  const ofMain = await profile.top({ focus: '^main$' })
  assert.equal(ofMain.shown, rows.find(({ name }) => name === 'main').flat)
  await assert.rejects(profile.diff(profile, { by: 'thread' }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /must be 'function' or 'file' or 'package'/))
  profile.close()
})

test('a worker that ends meanwhile, or does not answer, loses nothing of the others', async (t) => {
  const [leaving, hanging, staying] = [await begin(t), await begin(t), await begin(t)]
  const session = startCpuProfile({ sampleInterval: 500, threads: true })
  for (const one of [leaving, hanging, staying]) {
    await one.tell('beThere')
    await one.tell('burnInWorker')
  }
  await leaving.tell('leave')
  await hanging.tell('hang')
  const { threads, comments } = await stacks(await session.stop({ dir: tmpDir(t) }))
  await hanging.release()
  assert.match(threads.get(staying.threadId), IN_WORKER)
  assert.deepEqual([threads.get(leaving.threadId), threads.get(hanging.threadId)], [undefined, undefined])
  assert.deepEqual(comments.filter((comment) => comment.startsWith('without')), [`without the thread [worker ${hanging.threadId}]: it did not answer within 10 s`])
  // Once it has done what it was told meanwhile, it is there again.
  let again
  while (!IN_WORKER.test(again)) {
    const next = startCpuProfile({ sampleInterval: 500, threads: true })
    await hanging.tell('beThere')
    await hanging.tell('burnInWorker')
    again = (await stacks(await next.stop({ dir: tmpDir(t) }))).threads.get(hanging.threadId)
  }
})

test('a worker that is terminated is not waited for', async (t) => {
  const hanging = await begin(t)
  const session = startCpuProfile({ threads: true })
  await hanging.tell('hang')
  const stopped = session.stop({ dir: tmpDir(t) })
  // It ends when it is in JavaScript again.
  const ended = hanging.worker.terminate()
  hanging.letGo()
  await ended
  const { comments } = await stacks(await stopped)
  assert.ok(!comments.some((comment) => comment.startsWith('without')), `${comments}`)
})

test('a capture that is given up while it waits for a worker keeps what it has', async (t) => {
  const hanging = await begin(t)
  const session = startCpuProfile({ sampleInterval: 500, threads: true })
  burnInMain()
  await hanging.tell('hang')
  const dir = tmpDir(t)
  const giveUp = new AbortController()
  const ear = new BroadcastChannel(CHANNEL)
  t.after(() => ear.close())
  ear.onmessage = ({ data }) => { if (data.act === 'read') giveUp.abort() }
  await assert.rejects(session.stop({ dir, signal: giveUp.signal }), heapkitError('HEAPKIT_ERR_ABORTED'))
  assert.deepEqual(ls(dir), [])
  const { threads, comments } = await stacks(await session.stop({ dir }))
  await hanging.release()
  assert.match(threads.get(0), IN_MAIN)
  assert.ok(comments.includes(`without the thread [worker ${hanging.threadId}]: the capture was given up before it answered`), `${comments}`)
})

test('a session of all threads that is given up leaves nothing behind, and another can begin', async (t) => {
  const { tell, threadId } = await begin(t)
  for (let round = 0; round < 3; round++) {
    await startCpuProfile({ threads: true })._dispose()
    await startSampling({ threads: true })._dispose()
  }
  const session = startCpuProfile({ sampleInterval: 500, threads: true })
  await tell('beThere')
  await tell('burnInWorker')
  const { threads } = await stacks(await session.stop({ dir: tmpDir(t) }))
  assert.match(threads.get(threadId), IN_WORKER)
  await tell('beThere')
  await tell('sampleItself')
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
    const { tell, threadId } = await begin(t)
    const dir = tmpDir(t)
    const session = startSampling({ sampleInterval: 1024, threads: true })
    await tell('beThere')
    await tell('keepInWorker')
    await tell('mustNotSample')
    globalThis.keptInMain = keepInMain()
    for (const artifact of [await session.capture({ dir, mode }), await session.stop({ dir, mode })]) {
      assert.deepEqual([artifact.format, artifact.mode], ['pprof', mode])
      const { threads } = await stacks(artifact)
      assert.match(threads.get(0), IN_MAIN)
      assert.match(threads.get(threadId), IN_WORKER)
    }
    // It has stopped in the worker, too.
    await tell('beThere')
    await tell('sampleItself')
  })
}

test('a worker that samples itself is left alone', async (t) => {
  const { tell, threadId } = await begin(t)
  await tell('sampleItself')
  const dir = tmpDir(t)
  const session = startSampling({ sampleInterval: 1024, threads: true })
  const { comments } = await stacks(await session.stop({ dir, mode: 'inline' }))
  assert.ok(comments.some((comment) => new RegExp(`^without the thread \\[worker ${threadId}\\].*: it has one of its own$`).test(comment)), `${comments}`)
  await tell('mustStillSample')
})

test('with heapkit/register workers need no line of code, and nothing keeps the process alive', async (t) => {
  const dir = tmpDir(t)
  const child = run(t, 'threads-register.js', { node: ['--require', path.join(__dirname, '..', 'lib', 'register.js')], args: [dir] })
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
  const { threads } = await stacks({ path: JSON.parse(child.stdout()).path })
  assert.deepEqual([...threads.keys()].sort(), [0, 1])
})

test('HEAPKIT_THREADS=1 samples all of them in one session', async (t) => {
  const node = ['--require', path.join(__dirname, '..', 'lib', 'register.js')]
  const child = run(t, 'threads-register.js', { node, args: [tmpDir(t), 'sampled'], env: { HEAPKIT_SAMPLING: '1k', HEAPKIT_THREADS: '1' } })
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
  const { threads, comments } = await stacks({ path: JSON.parse(child.stdout()).path })
  assert.deepEqual([...threads.keys()].sort(), [0, 1], `${comments}`)
})

test('a signal can ask for all threads', { skip: posix('signals') }, async (t) => {
  const { threadId, tell } = await begin(t)
  const outcome = deferred()
  // Not SIGUSR2: on Node 26 the test runner makes its children write a report on that one.
  const trigger = onSignal('SIGIO', 'cpu', { seconds: 1, threads: true, dir: tmpDir(t), onArtifact: outcome.resolve, onError: outcome.reject })
  t.after(() => trigger.dispose())
  process.kill(process.pid, 'SIGIO')
  await until(() => trigger.received === 1, 'the signal')
  // On a busy machine the second may be over before the worker has begun.
  const burn = async () => await tell('burnInWorker') || await burn()
  const artifact = await Promise.race([burn(), outcome.promise])
  assert.ok((await stacks(artifact)).threads.has(threadId))
  assert.throws(() => onSignal('SIGWINCH', 'cpu', { threads: true, format: 'cpuprofile' }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /has room for one thread/))
})

test('a worker that sleeps does nothing for readings that nobody waits for any more', { skip: posix('execFileSync() in a worker that is ended') }, async (t) => {
  const { worker, tell, release } = await begin(t)
  const session = startSampling({ threads: true })
  t.after(() => session[Symbol.asyncDispose]())
  await tell('beThere')
  const answers = []
  const channels = [new BroadcastChannel(CHANNEL)]
  t.after(() => { for (const channel of channels) channel.close() })
  channels[0].onmessage = ({ data: { answerTo } }) => {
    if (answerTo === undefined) return
    const channel = new BroadcastChannel(answerTo)
    channel.onmessage = ({ data }) => answers.push(data)
    channels.push(channel)
  }
  worker.postMessage('hang')
  await once(worker, 'message')
  while (channels.length < 4) await assert.rejects(session.capture({ dir: tmpDir(t), timeoutMs: 50 }), heapkitError('HEAPKIT_ERR_TIMEOUT', /50 ms/))
  await release()
  await tell('beThere')
  assert.deepEqual(answers, [])
  const { threads } = await stacks(await session.capture({ dir: tmpDir(t) }))
  assert.ok(threads.has(worker.threadId) || answers.length === 1)
})

test('a worker whose heap has no room for its profile is left out, and lives', async (t) => {
  const { tell } = await begin(t, 'small', { maxOldGenerationSizeMb: 20, maxYoungGenerationSizeMb: 1 })
  const session = startSampling({ sampleInterval: 64, threads: true })
  t.after(() => session[Symbol.asyncDispose]())
  await tell('beThere')
  const { comments } = await stacks(await session.capture({ dir: tmpDir(t) }))
  assert.match(comments.join('\n'), /without the thread \[worker \d+\].*: its heap may have \d+ MiB, of which \d+ are free, and to read its profile may take \d+/)
  await tell('beThere')
})

test('only the main thread can profile all', async (t) => {
  const worker = new Worker(`
    try { require(${JSON.stringify(path.join(__dirname, '..'))}).startCpuProfile({ threads: true }) } catch ({ code, message }) { require('worker_threads').parentPort.postMessage([code, message]) }
  `, { eval: true })
  t.after(() => worker.terminate())
  const [[code, message]] = await once(worker, 'message')
  assert.equal(code, 'HEAPKIT_ERR_UNSUPPORTED')
  assert.match(message, /is for the main thread/)
})
