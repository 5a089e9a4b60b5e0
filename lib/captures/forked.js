'use strict'

// Lets a forked, copy-on-write twin of this process do some work while this process goes on. This file decides when to fork and how often to
// try; src/fork does the rest. The caller says what the child does: it reads what would stop this process.

const { ForkedWork, writeFromChild } = require('../native')
const time = require('../time')
const { v8PoolSize } = require('../node-options')
const { HeapkitError, codes } = require('../errors')
const { heapFacts, count } = require('./census')

const ATTEMPTS = 3
// The descriptor on which a child says what goes wrong.
const ERRORS = 2
const WORDS = { snapshot: 'snapshot', sampling: 'profile', timeline: 'timeline' }
const NEVER_WOKEN = new Int32Array(new SharedArrayBuffer(4))
const LOOK_EVERY_MS = 1
// A child forked while V8's workers are busy may hang; then the watch ends it, and there is another attempt.
const QUIET_WITHIN_MS = 2000
// How long the event loop waits for V8's workers to finish what `beforeFork` gave them to do.
const SETTLED_WITHIN_MS = 200

/**
 * Lets a child read what `recording` is of. `task` has
 * - work(onChunk): runs in the child, and hands it the whole text;
 * - memory(): what the estimate needs to know besides how large the heap is: { hasNumbers }, or { samples } of a profile;
 * - idsOf: the inspector session whose ids of objects the child must not change, if that matters;
 * - mustBegin(): throws where the capture may not begin any more. Called just before each fork;
 * - beforeFork(): called in this process as shortly before each fork as V8's workers allow;
 * - afterFork(): called in this process right after it, before anything else can run.
 *
 * Resolves when the writer has everything.
 */
async function runForked (recording, options, task) {
  const seen = []
  while (seen.length < ATTEMPTS) {
    const failure = await attempt(recording, options, task)
    if (failure === null) return
    seen.push(failure)
  }
  throw new HeapkitError(codes.CHILD,
    `The forked child did not deliver the ${WORDS[recording.kind]} in ${ATTEMPTS} attempts: ` +
    `${seen.map((failure, index) => `(${index + 1}) ${failure}`).join('; ')}. ` +
    "The service is not affected. Try again when it is less busy, or with mode 'inline', which stops it meanwhile")
}

/** Answers null, or why it failed if another attempt may help. */
async function attempt (recording, { memory: { reserveBytes, force }, maxCpu }, task) {
  const twin = new ForkedWork()
  const cpu = { maxCpu: maxCpu === 'auto' ? undefined : maxCpu, v8PoolSize: v8PoolSize() }
  recording.heldBackBy(() => twin.throttle())
  const memory = { ...heapFacts(), hasNumbers: false, ...task.memory?.(), reserveBytes, force }
  try {
    const counts = await recording.step(() => twin.prepare(recording.writer, memory, cpu))
    if (task.beforeFork) recording.pause.run(() => { task.beforeFork(); settle(twin) })
    await quiet(recording, twin)
    task.mustBegin?.()
    return await recording.meanwhile('serializing', () => recording.step(() => recording.pause.run(() => fork(twin, counts, task))))
  } finally {
    twin.dropPrepared()
  }
}

/** Forks before it returns, and answers a promise for what the child does. */
function fork (twin, counts, task) {
  const over = twin.fork((output) => inChild(output, counts, task))
  // What went wrong with fork(2) itself, the promise says.
  if (twin.forkMs > 0) task.afterFork?.()
  return over
}

/** Runs in the child, which can open no file, has only these two descriptors, and ends when this returns. */
function inChild (output, counts, { idsOf, work }) {
  try {
    if (counts) writeFromChild(ERRORS, Buffer.from(count(idsOf)))
    work((chunk) => writeFromChild(output, typeof chunk === 'string' ? Buffer.from(chunk) : chunk))
    return true
  } catch (error) {
    writeFromChild(ERRORS, Buffer.from(`${error?.stack ?? error}\n`))
    return false
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
