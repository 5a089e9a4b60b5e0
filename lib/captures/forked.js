'use strict'

// Lets a forked, copy-on-write twin of this process do some work while this process goes on. This file decides when to fork and how often to
// try; src/fork does the rest. The caller says what the child does.

const { ForkedWork } = require('../native')
const time = require('../time')
const { v8PoolSize } = require('../node-options')
const { HeapkitError, codes } = require('../errors')
const { heapFacts } = require('./census')

const ATTEMPTS = 3
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4))
const LOOK_EVERY_MS = 1
// A child forked while V8's workers are busy may hang; then the watch ends it, and there is another attempt.
const QUIET_WITHIN_MS = 2000
// How long the event loop waits for V8's workers to finish what `beforeFork` gave them to do.
const SETTLED_WITHIN_MS = 200

/**
 * Lets a child do `work(output, counts)`, which writes to the descriptor `output` and answers whether it succeeded. With `counts` it must first
 * tell how large the heap is, because memory may be short. Resolves when the writer has everything.
 * `options` are { memory, maxCpu, exposeNumericValues, beforeFork }; the last is called in this process as shortly before each fork as V8's workers allow.
 */
async function runForked (recording, options, work) {
  const seen = []
  while (seen.length < ATTEMPTS) {
    const failure = await attempt(recording, options, work)
    if (failure === null) return
    seen.push(failure)
  }
  throw new HeapkitError(codes.CHILD,
    `The forked child did not deliver the snapshot in ${ATTEMPTS} attempts: ` +
    `${seen.map((failure, index) => `(${index + 1}) ${failure}`).join('; ')}. ` +
    "The service is not affected. Try again when it is less busy, or with mode 'inline', which stops it meanwhile")
}

/** Answers null, or why it failed if another attempt may help. */
async function attempt (recording, { memory: { reserveBytes, force }, maxCpu, exposeNumericValues: hasNumbers, beforeFork }, work) {
  const twin = new ForkedWork()
  const cpu = { maxCpu: maxCpu === 'auto' ? undefined : maxCpu, v8PoolSize: v8PoolSize() }
  recording.heldBackBy(() => twin.throttle())
  const memory = { ...heapFacts(), hasNumbers, reserveBytes, force }
  try {
    const counts = await recording.step(() => twin.prepare(recording.writer, memory, cpu))
    if (beforeFork) recording.pause.run(() => { beforeFork(); settle(twin) })
    await quiet(recording, twin)
    return await recording.meanwhile('serializing', () => recording.step(() => recording.pause.run(() => twin.fork((output) => work(output, counts)))))
  } finally {
    twin.dropPrepared()
  }
}

/** Waits until V8's workers sleep; the event loop goes on between looks. Afterwards nothing else may run before the fork. */
async function quiet (recording, twin) {
  const deadline = time.now() + QUIET_WITHIN_MS
  while (!recording.pause.run(() => twin.isQuiet()) && time.now() < deadline) {
    await recording.step(() => time.delay(LOOK_EVERY_MS))
  }
}

/** Waits for the same, but holds the event loop, so that the heap does not change meanwhile. */
function settle (twin) {
  const deadline = time.now() + SETTLED_WITHIN_MS
  while (!twin.isQuiet() && time.now() < deadline) Atomics.wait(NEVER_WOKEN, 0, 0, LOOK_EVERY_MS)
}

module.exports = { runForked }
