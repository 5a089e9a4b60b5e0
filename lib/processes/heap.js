'use strict'

// Snapshots and sampling profiles of another process, by heapkit itself: its addon is loaded there, so that a child reads the heap and the service goes on. The bytes come
// packed over the inspector's connection, piece by piece: that needs no file system in common, and no place there to write to.

const { once } = require('node:events')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const injected = require('./injected')
const { pass } = require('./passing')
const { ProcessError } = require('./process-error')

const HOME = path.join(__dirname, '../..')
/** How much longer than asked for a session may last whose end nobody asks for. */
const GRACE_MS = 10_000
const LEAVE_WITHIN_MS = 1000

/** Answers a handle of heapkit in the process. */
async function loadHeapkit (attached) {
  await attached.mustTurn()
  const handle = await attached.hold(injected.load, HOME)
  const { error } = await attached.call(handle, function () { return { error: this.error } })
  if (error) {
    throw new ProcessError(`heapkit cannot be loaded in process ${attached.pid}: ${error.message.split('\n')[0]}. It was looked for at ${HOME}, as that process sees it, and beside its own program: ` +
      'install it there, or run the command from where the process can see it')
  }
  return handle
}

/** Has the process take a snapshot, and hands its bytes to `write(bytes)`, which is waited for. Answers the artifact as it was there. */
async function snapshotOf (attached, options, { signal, onProgress = () => {}, write }) {
  const handle = await loadHeapkit(attached)
  const abort = aborting(signal)
  try {
    answerOf(await attached.call(handle, injected.beginSnapshot, options))
    const start = performance.now()
    for (let received = 0; ;) {
      const { bytes, artifact } = answerOf(await Promise.race([abort, attached.call(handle, injected.next)]))
      if (artifact) return artifact
      const piece = Buffer.from(bytes, 'base64')
      received += piece.length
      await write(piece)
      onProgress({ phase: 'receiving', readBytes: received, elapsedMs: performance.now() - start })
    }
  } catch (error) {
    if (!error.isEnd) await shortly(attached.call(handle, injected.giveUp))
    throw error
  }
}

/** Has the process sample for so many seconds; answers { artifact, bytes }. */
async function sample (attached, options, { seconds, ending, as, signal, onProgress }) {
  const handle = await loadHeapkit(attached)
  try {
    answerOf(await attached.call(handle, injected.beginSampling, options, seconds * 1000 + GRACE_MS))
    const passed = await pass(attached, seconds, { signal, onProgress })
    if (passed.isEnding) throw new ProcessError(`Process ${attached.pid} ended after ${passed.seconds.toFixed(1)} of ${seconds} s; of its profile there is nothing`, { isEnd: true })
    const { artifact, bytes } = answerOf(await Promise.race([aborting(signal), attached.call(handle, injected.endSampling, ending, as)]))
    return { artifact, bytes: Buffer.from(bytes, 'base64') }
  } catch (error) {
    if (!error.isEnd) await shortly(attached.call(handle, injected.dropSampling))
    throw error
  }
}

/** A process whose event loop has stopped turning answers nothing more; whoever asked may still leave. */
function aborting (signal) {
  const promise = once(signal, 'abort').then(() => { throw signal.reason })
  promise.catch(() => {})
  return promise
}

/** Waits for it, but not for ever, and not for how it ends: it is on the way out. */
function shortly (promise) {
  return Promise.race([promise.catch(() => {}), sleep(LEAVE_WITHIN_MS, undefined, { ref: false })])
}

function answerOf (answer) {
  if (answer.error) throw new ProcessError(answer.error.message)
  return answer
}

module.exports = { snapshotOf, sample }
