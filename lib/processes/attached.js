'use strict'

// A process whose inspector is open: asks its main thread, which answers between two JavaScript instructions, and leaves it as it was: the inspector closed again, unless it was
// open before, and not held up when it ends meanwhile.

const { setTimeout: sleep } = require('node:timers/promises')
const injected = require('./injected')
const proc = require('./proc')
const { ProcessError } = require('./process-error')
const { waitOf } = require('./system-calls')

/** For what the main thread answers, which may be in native code just then. */
const ANSWER_WITHIN_MS = 5000
/** The same for one that has not answered before. */
const SILENT_MS = 200

class Attached {
  #client
  /** Whether it was opened for this, and is to be closed again. */
  #isOurs
  #isOver
  #hasLastWords = false
  /** The main thread did not answer within its time. */
  #isSilent = false

  constructor (client, pid, isOurs) {
    this.pid = pid
    this.#client = client
    this.#isOurs = isOurs
    /** Resolves when the process wants to end, or has ended: with whether it can still be asked. */
    this.ending = new Promise((resolve) => {
      client.on('NodeRuntime.waitingForDisconnect', () => {
        // It goes by itself then (injected.js), and must not be held up.
        this.#isOurs = false
        resolve(true)
        if (!this.#hasLastWords) client.close()
      })
      client.onClose = () => resolve(false)
    })
    this.#isOver = this.ending.then(() => {})
  }

  /** Whoever asks for something yet when the process ends has to leave() then. */
  wantsLastWords () { this.#hasLastWords = true }

  leave () { this.#client.close() }

  /** Takes an inspector over that was open before: it is closed, too. */
  own () { this.#isOurs = true }

  /** Makes sure that it is the right process: a port may have been taken by another one in between. */
  async mustBe (pid) {
    // A process that ends waits for its inspectors to go; so it has to be known when it does.
    const told = this.post('NodeRuntime.notifyWhenWaitingForDisconnect', { enabled: true })
    told.catch(() => {})
    let identity
    try {
      identity = await this.evaluate(injected.identity)
    } catch (error) {
      if (!proc.commandLine(this.pid).some((text) => /^--inspect-(brk|wait)/.test(text))) throw error
      throw new ProcessError(`Process ${this.pid} has not begun its program: it waits for a debugger (--inspect-brk, --inspect-wait)`)
    }
    const [its, version] = identity
    if (its !== pid) {
      this.#isOurs = false
      throw new ProcessError(`The inspector at the port of process ${this.pid} is that of process ${its}, which was left alone`)
    }
    this.nodeVersion = version
  }

  /** A command of the DevTools protocol. */
  async post (method, params, limits) {
    try {
      return await this.#client.post(method, params, limits)
    } catch (error) {
      if (error.isEnd) throw new ProcessError(`Process ${this.pid} ended, or its inspector was closed, before it was done (${method})`, { isEnd: true })
      throw error
    }
  }

  /** Runs `ask(...values)` in the main thread, between two instructions, and answers what it returns: plain data. `require` is there. */
  async evaluate (ask, ...values) {
    let answer
    try {
      answer = await this.post('Runtime.evaluate', {
        expression: calling(ask, values), includeCommandLineAPI: true, returnByValue: true, silent: true
      }, { timeoutMs: ANSWER_WITHIN_MS })
    } catch (error) {
      if (!error.isTimeout) throw error
      this.#isSilent = true
      throw new ProcessError(`The main thread of process ${this.pid} has not come to JavaScript for ${ANSWER_WITHIN_MS / 1000} s: ${whatItDoes(this.pid)}`, { isTimeout: true })
    }
    const { result, exceptionDetails } = answer
    if (exceptionDetails) throw thrown(this.pid, exceptionDetails)
    return result.value
  }

  /**
   * Runs `make(...values)` in a turn of the event loop of its own, and answers a handle of what it returns, for call(). What is more than a look must not come between two instructions: it
   * may be in the middle of what it uses itself (a stream whose push() is interrupted has more bytes than it counts, the loader of modules has half of one).
   */
  async hold (make, ...values) {
    // Later than now `require` is no global any more.
    const expression = `((require) => (${injected.holdInTurn})(require('node:timers'), ${make}, ${values.map((value) => JSON.stringify(value)).join()}))(require)`
    const { result, exceptionDetails } = await this.post('Runtime.evaluate', { expression, includeCommandLineAPI: true, awaitPromise: true, silent: true })
    if (exceptionDetails) throw thrown(this.pid, exceptionDetails)
    return result.objectId
  }

  /** Calls `ask(...values)` likewise, with `this` being what the handle is of, and waits for what it answers: plain data. */
  async call (objectId, ask, ...values) {
    const { result, exceptionDetails } = await this.post('Runtime.callFunctionOn', {
      objectId, functionDeclaration: `function (...values) { return this.inTurn(() => (${ask}).apply(this, values)) }`, arguments: values.map((value) => ({ value })), awaitPromise: true, returnByValue: true, silent: true
    })
    if (exceptionDetails) throw thrown(this.pid, exceptionDetails)
    return result.value
  }

  /** Throws where its event loop does not turn, which whatever is asynchronous needs. */
  async mustTurn () {
    const asked = { expression: calling(injected.turn, []), includeCommandLineAPI: true, awaitPromise: true, returnByValue: true, silent: true }
    try {
      const { exceptionDetails } = await this.post('Runtime.evaluate', asked, { timeoutMs: ANSWER_WITHIN_MS })
      if (exceptionDetails) throw thrown(this.pid, exceptionDetails)
    } catch (error) {
      if (!error.isTimeout) throw error
      const [frame] = await this.evaluate(injected.ownFrames)
      const where = frame ? `it is in ${frame.name} (${frame.file}:${frame.line})` : whatItDoes(this.pid)
      throw new ProcessError(`The event loop of process ${this.pid} has not turned for ${ANSWER_WITHIN_MS / 1000} s: ${where}. That is needed for this; \`heapkit stack\` and \`heapkit cpu\` do without`)
    }
  }

  /**
   * Leaves it as it was: closes what was opened. Answers whether that is done; if not, the main thread does it as soon as it is back in JavaScript.
   */
  async detach () {
    if (this.#client.isClosed) return true
    if (!this.#isOurs) {
      this.#client.close()
      return true
    }
    // It is not answered: the inspector goes, and this connection with it.
    this.evaluate(injected.closeInspector).catch(() => {})
    const patience = new AbortController()
    await Promise.race([this.#isOver, sleep(this.#isSilent ? SILENT_MS : ANSWER_WITHIN_MS, undefined, { signal: patience.signal }).catch(() => {})])
    patience.abort()
    const isDone = this.#client.isClosed
    this.#client.close()
    return isDone
  }
}

function calling (ask, values) {
  return `(${ask})(${values.map((value) => JSON.stringify(value)).join()})`
}

function thrown (pid, { exception, text }) {
  return new ProcessError(`Process ${pid} threw: ${exception?.description ?? text}`)
}

/** What is to be said where detach() could not do it yet. */
function stillOpen (pid) {
  return `The inspector of process ${pid} is still open, and closes as soon as its main thread is back in JavaScript`
}

/** What a main thread that runs no JavaScript does, as far as the kernel tells. */
function whatItDoes (pid) {
  const { State: state } = proc.status(pid) ?? {}
  if (state === undefined) return 'it has ended'
  return state.startsWith('R') ? 'it runs' : `it waits in ${waitOf(pid, pid) ?? 'the kernel'}`
}

module.exports = { Attached, stillOpen, whatItDoes }
