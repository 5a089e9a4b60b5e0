'use strict'

// Reading inside a service: whoever ends the process, the thread or the reading does not wait for it, libuv's threads stay free, V8 knows of the
// memory, and what does not fit is refused.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { once } = require('node:events')
const { describe, test, before, after } = require('node:test')
const { Worker } = require('node:worker_threads')
const { writeLarge } = require('./fixtures/heap-large')
const { controlGroup, linux } = require('./needs')
const { FIXTURES, tmpDir, run, until, heapkitError } = require('./support')
const { openSnapshot, diffSnapshots } = require('..')

const MIB = 2 ** 20
const PLENTY = 2 ** 50
const SMALL = 50_000
const MEDIUM = 500_000
const LARGE = 3_000_000

// A test that would hang ends.
const BOUND = { timeout: 300_000 }

let dir
let small
let medium
let large
/** How long the analysis of the large one takes here, and now. */
let analysisMs

const aborted = heapkitError('HEAPKIT_ERR_ABORTED')
const memoryError = (pattern) => heapkitError('HEAPKIT_ERR_MEMORY', pattern)

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-test-'))
  ;[small, medium, large] = [SMALL, MEDIUM, LARGE].map((objects) => {
    const file = path.join(dir, `${objects}.heapsnapshot`)
    writeLarge(file, objects)
    return file
  })
  let began
  const heap = await openSnapshot(large, { onProgress: ({ phase }) => { if (phase === 'analysing') began ??= performance.now() } })
  analysisMs = performance.now() - began
  heap.close()
})
after(() => fs.rmSync(dir, { recursive: true, force: true }))

/** A named pipe that nobody writes to. */
function silentPipe (t) {
  const pipe = path.join(tmpDir(t), 'pipe')
  execFileSync('mkfifo', [pipe])
  return pipe
}

/** What Linux says of each thread of a process in a file. */
const threadFiles = (pid, file) => fs.readdirSync(`/proc/${pid}/task`).map((id) => {
  try {
    return fs.readFileSync(`/proc/${pid}/task/${id}/${file}`, 'utf8').trim()
  } catch {
    // Gone meanwhile.
    return ''
  }
})
const threads = () => threadFiles('self', 'comm')
const noReaders = () => until(() => !threads().some((name) => /^heapkit-(read|analyse|free)/.test(name)), 'the threads to end')

/** How long it takes from the middle of an act until it is over. */
async function endsAfterMiddle ({ middle, over }) {
  const began = await middle
  await over
  return performance.now() - began
}

function inProcess (t, act, file) {
  const service = run(t, 'heap-service.js', { args: [act, file] })
  return {
    middle: service.line(/there/).then(() => performance.now()),
    over: service.exit.then((outcome) => assert.deepEqual(outcome, { code: 7, signal: null }, service.stderr()))
  }
}

function inWorker (t, act, file) {
  const worker = new Worker(path.join(FIXTURES, 'heap-service.js'), { workerData: [act, file] })
  const middle = once(worker, 'message').then(() => performance.now())
  return { middle, over: middle.then(() => worker.terminate()) }
}

for (const [what, start] of [['process.exit()', inProcess], ['terminate()', inWorker]]) {
  test(`${what} in the middle of a stage does not wait for it`, BOUND, async (t) => {
    for (const act of ['reading', 'analysing', 'diff', 'question']) {
      const took = await endsAfterMiddle(start(t, act, large))
      assert.ok(took < analysisMs / 2, `${act}: ${took} ms, where the analysis takes ${analysisMs} ms`)
    }
  })

  test(`${what} does not wait for a pipe that says nothing`, { skip: linux('mkfifo, and what it does'), ...BOUND }, async (t) => {
    const pipe = silentPipe(t)
    await endsAfterMiddle(start(t, 'silent', pipe))
  })
}

describe('an abort', () => {
  test('is answered in the middle of the analysis, and ends it', BOUND, async () => {
    for (const read of [(options) => openSnapshot(large, options), (options) => diffSnapshots([small, large], options)]) {
      const control = new AbortController()
      let at
      const onProgress = ({ phase }) => {
        if (phase !== 'analysing' || at !== undefined) return
        at = performance.now()
        control.abort()
      }
      await assert.rejects(read({ signal: control.signal, onProgress }), aborted)
      const took = performance.now() - at
      assert.ok(took < analysisMs / 4, `${took} ms, where the analysis takes ${analysisMs} ms`)
      if (process.platform === 'linux') await noReaders()
      const ended = performance.now() - at
      assert.ok(ended < analysisMs / 2, `its threads ended after ${ended} ms, where the analysis takes ${analysisMs} ms`)
    }
  })

  test('is answered in the middle of a question, and others are answered still', BOUND, async () => {
    const heap = await openSnapshot(large)
    for (const ask of [
      (options) => heap.summary(options), (options) => heap.suspects(options), (options) => heap.report(options),
      (options) => heap.retainers('Item', options), (options) => heap.retainers('@7', options)
    ]) {
      const control = new AbortController()
      const outcome = ask({ signal: control.signal })
      control.abort()
      await assert.rejects(outcome, aborted)
      await assert.rejects(ask({ signal: control.signal }), aborted)
    }
    assert.equal((await heap.retainers('@7')).name, 'Item')
    heap.close()
  })

  test('is answered on a pipe that says nothing, and leaves no thread', { skip: linux('mkfifo, and what it does'), ...BOUND }, async (t) => {
    const pipe = silentPipe(t)
    const control = new AbortController()
    const outcomes = [openSnapshot(pipe, { signal: control.signal }), diffSnapshots([small, pipe], { signal: control.signal })]
    await until(() => threads().includes('heapkit-read'), 'the reading')
    control.abort()
    for (const outcome of outcomes) await assert.rejects(outcome, aborted)
    await noReaders()
  })
})

test('pipes that say nothing keep neither the threads of libuv nor other readings', { skip: linux('mkfifo, and what it does'), ...BOUND }, async (t) => {
  const pipe = silentPipe(t)
  const control = new AbortController()
  const silent = Array.from({ length: 8 }, () => openSnapshot(pipe, { signal: control.signal }))
  await fs.promises.stat(small)
  const heap = await openSnapshot(small)
  assert.equal((await heap.summary()).file.nodes, SMALL + 3)
  heap.close()
  control.abort()
  for (const { reason } of await Promise.allSettled(silent)) aborted(reason)
})

test('a pipe is read when somebody writes to it, and keeps the process alive until then', { skip: linux('mkfifo, and what it does'), ...BOUND }, async (t) => {
  const pipe = silentPipe(t)
  const service = run(t, 'heap-service.js', { args: ['opened', pipe] })
  const to = await fs.promises.open(pipe, 'w')
  await to.writeFile(fs.readFileSync(small))
  await to.close()
  assert.deepEqual(await service.exit, { code: 0, signal: null })
  assert.equal(service.stdout(), `opened ${SMALL + 3}\n`)
})

test('threads come after those of a service, and have the priority of the command in the command', { skip: linux('priorities of threads'), ...BOUND }, async (t) => {
  const pipe = silentPipe(t)
  for (const [fixture, args, isService] of [['heap-service.js', ['opened', pipe], true], ['../../bin/heapkit.js', ['summary', pipe], false]]) {
    const { child } = run(t, fixture, { args })
    // Behind the name come the state and fifteen numbers. Whoever runs the tests may have given them a priority of their own.
    const niceOf = (stat) => Number(stat.slice(stat.lastIndexOf(') ') + 2).split(' ')[16])
    await until(() => threadFiles(child.pid, 'stat').some((stat) => stat.includes('(heapkit-read)') && (niceOf(stat) === 15) === isService), `the priority of ${fixture}`)
    child.kill('SIGKILL')
  }
})

test('twenty are opened at once', BOUND, async (t) => {
  const service = run(t, 'heap-service.js', { args: ['many', small] })
  assert.deepEqual(await service.exit, { code: 0, signal: null })
  assert.equal(service.stdout(), '1 20\n')
})

test('close() frees on another thread', BOUND, async () => {
  const times = []
  // Of several, one at least that nothing has interrupted.
  for (let round = 0; round < 5; round++) {
    const heap = await openSnapshot(medium)
    const began = performance.now()
    heap.close()
    times.push(performance.now() - began)
  }
  assert.ok(Math.min(...times) < 1.5, `${times} ms`)
})

test('V8 is told of the memory: what nobody closes is collected', BOUND, async (t) => {
  const service = run(t, 'heap-service.js', { args: ['garbage', small] })
  assert.deepEqual(await service.exit, { code: 0, signal: null })
  assert.equal(service.stdout(), 'collected\n')
})

describe('memory', () => {
  test('is asked for before it is taken, and can be asked for all the same', { skip: linux('how much memory there is'), ...BOUND }, async (t) => {
    const reserve = { memory: { reserveBytes: PLENTY } }
    const needs = /^Not enough memory to read a snapshot: it needs about \d MiB for its 50003 nodes and 150002 edges, and \d+ MiB are to stay free; \d+ MiB are available of the \d+ MiB that .* allows\. .*`memory: \{ force: true \}` \(`--force`\)/
    await assert.rejects(openSnapshot(small, reserve), memoryError(needs))
    await assert.rejects(diffSnapshots([small, small], reserve), memoryError(needs))
    const gone = /^Not enough memory to read a snapshot: only \d+ MiB were left of the \d+ MiB that .* allows, so the reading was given up to keep the process's reserve of \d+ MiB \(`memory\.reserveBytes`\)/
    await assert.rejects(openSnapshot(small, { memory: { reserveBytes: PLENTY, force: true } }), memoryError(gone))
  })

  const { missing, command, setLimit } = controlGroup('memory', { 1: 'memory.limit_in_bytes' }, 400 * MIB)

  test('that a control group does not have is refused with the numbers, or given up in the middle; the process lives', { skip: missing, ...BOUND }, async (t) => {
    const inGroup = async (...args) => {
      const service = run(t, '../../bin/heapkit.js', { args, command })
      const { code } = await service.exit
      return { code, stdout: service.stdout(), stderr: service.stderr() }
    }
    const plenty = await inGroup('summary', large)
    assert.equal(plenty.code, 0, plenty.stderr)
    setLimit(250 * MIB)
    const refused = await inGroup('summary', large)
    assert.equal(refused.code, 1)
    assert.match(refused.stderr, /it needs about \d{3} MiB for its 3000003 nodes and 9000002 edges, and 64 MiB are to stay free; \d+ MiB are available of the 250 MiB that the control group .*heapkit-test-memory/)
    const forced = await inGroup('summary', large, '--force')
    assert.equal(forced.code, 1, forced.stdout)
    assert.match(forced.stderr, /only \d\d MiB were left of the 250 MiB/)
  })
})
