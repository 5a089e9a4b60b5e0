'use strict'

// The worker threads of this process, asked through the inspector of the main thread: they need not help, or have heapkit. From the first time on each
// worker has an inspector session, which stays: closing one would make V8 forget the ids of objects in that worker, as lib/inspector.js says.

const { isMainThread } = require('node:worker_threads')
const inspector = require('../inspector')
const { HeapkitError, codes } = require('../errors')
const { deferred, handled, race } = require('../promises')
const shared = require('../shared')
const time = require('../time')

const SESSION = 'workers'
/** A worker that is in native code, or waits for a lock, answers when that is over. */
const ANSWER_WITHIN_MS = 10_000
/** V8's answers begin with the number of the command, and go on with what it has, or with what is wrong. */
const ANSWER = /^\{"id":(\d+),"(result|error)":/

/** All workers that are alive, and a list of functions that are called with each new one. All copies of heapkit in the thread use the same. */
function workers () {
  if (!isMainThread) throw new HeapkitError(codes.UNSUPPORTED, '`threads: true` is for the main thread, which has an inspector of all others; a worker thread can profile itself')
  if (shared.workers === undefined) {
    const known = { alive: new Map(), begun: new Set(), turns: new Map(), waiting: new Map(), lastId: 0 }
    const session = inspector.connect(SESSION)
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      known.alive.set(sessionId, workerInfo.title)
      for (const begin of known.begun) begin(sessionId)
    })
    session.on('NodeWorker.detachedFromWorker', ({ params: { sessionId } }) => {
      known.alive.delete(sessionId)
      known.turns.delete(sessionId)
      for (const { sessionId: of, reject } of [...known.waiting.values()]) if (of === sessionId) reject(new Error('it ended'))
    })
    session.on('NodeWorker.receivedMessageFromWorker', ({ params: { message } }) => {
      const [, id, what] = ANSWER.exec(message) ?? []
      const { resolve, reject } = known.waiting.get(Number(id)) ?? {}
      if (what === 'result') resolve?.(message)
      else reject?.(new Error(`V8 refused: ${message.slice(0, 200)}`))
    })
    inspector.postSync('NodeWorker.enable', { waitForDebuggerOnStart: false }, SESSION)
    shared.workers = known
  }
  return shared.workers
}

/**
 * Sends commands, [[method, params], …], to a worker when it has answered all that were sent before: who ends a profile, and who begins the next, must not come
 * between one another. Nothing is sent unless `begun`, of an earlier turn, went well. Answers V8's answer to the first, as text: { id, result }.
 */
async function ask (sessionId, commands, begun) {
  const known = workers()
  const before = known.turns.get(sessionId)
  const { promise: over, resolve: end } = deferred()
  known.turns.set(sessionId, over)
  try {
    await before
    await begun
    let first
    for (const answer of commands.map(([method, params]) => send(known, sessionId, method, params))) {
      const text = await answer
      first ??= text
    }
    return first
  } finally {
    end()
  }
}

function send (known, sessionId, method, params) {
  const id = ++known.lastId
  const { promise, resolve, reject } = deferred()
  known.waiting.set(id, { sessionId, resolve, reject })
  const answer = answered(known, id, promise)
  handled(answer)
  try {
    inspector.postSync('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id, method, params }) }, SESSION)
  } catch (error) {
    reject(error)
  }
  return answer
}

async function answered (known, id, promise) {
  try {
    const answer = await race(promise, time.delay(ANSWER_WITHIN_MS))
    if (answer === undefined) throw new Error(`it did not answer within ${ANSWER_WITHIN_MS / 1000} s`)
    return answer
  } finally {
    known.waiting.delete(id)
  }
}

module.exports = { workers, ask }
