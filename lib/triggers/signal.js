'use strict'

// Captures on a signal: kill -USR2 PID. The only file that listens to signals.

const os = require('node:os')
const { isMainThread } = require('node:worker_threads')
const options = require('../options')
const { HeapkitError, codes, invalidOption } = require('../errors')
const { takeSnapshot } = require('../captures/snapshot')
const { TIMED, captureFor } = require('../captures/timed')

const REFUSED = {
  SIGUSR1: "is Node's own: it starts the inspector",
  SIGPROF: "is V8's own: its CPU profiler works with it",
  SIGKILL: 'cannot be caught',
  SIGSTOP: 'cannot be caught',
  SIGTERM: 'ends a process, and would no longer with a listener; take the capture in your own listener',
  SIGINT: 'ends a process, and would no longer with a listener; take the capture in your own listener',
  SIGQUIT: 'ends a process, and would no longer with a listener; take the capture in your own listener',
  SIGHUP: 'ends a process, and would no longer with a listener; take the capture in your own listener',
  SIGABRT: 'is raised by a process that is crashing',
  SIGBUS: 'is raised by a process that is crashing',
  SIGFPE: 'is raised by a process that is crashing',
  SIGILL: 'is raised by a process that is crashing',
  SIGSEGV: 'is raised by a process that is crashing',
  SIGTRAP: 'is raised by a process that is crashing',
  SIGSYS: 'is raised by a process that is crashing'
}

/** What to choose; of the signals that Windows has, the only one that neither ends a process nor means something else is Ctrl+Break. */
const USUAL = Object.hasOwn(os.constants.signals, 'SIGUSR2') ? 'SIGUSR2' : 'SIGBREAK'

const CAPTURES = ['snapshot', ...Object.keys(TIMED)]

/** The triggers that are armed, by signal. */
const armed = new Map()

function onSignal (signal, capture, given) {
  checkSignal(signal)
  options.oneOf(capture, 'capture', CAPTURES)
  const wanted = options.triggered(capture, given)
  if (armed.has(signal)) {
    throw invalidOption('signal', `is armed already, for ${armed.get(signal).capture}; dispose of that first`, signal)
  }
  return new SignalTrigger(signal, capture, wanted)
}

function checkSignal (signal) {
  if (!isMainThread) {
    throw new HeapkitError(codes.UNSUPPORTED, 'Signals reach only the main thread; call onSignal() there')
  }
  if (typeof signal !== 'string' || !Object.hasOwn(os.constants.signals, signal)) {
    throw invalidOption('signal', `must be the name of a signal of this system, such as '${USUAL}'`, signal)
  }
  // By number, because some signals have two names: SIGIOT is SIGABRT.
  const refused = Object.keys(REFUSED).find((name) => os.constants.signals[name] === os.constants.signals[signal])
  if (refused) throw invalidOption('signal', `cannot be ${signal}: it ${REFUSED[refused]}. ${USUAL} is the usual choice`)
}

class SignalTrigger {
  /** Signals that came. */
  received = 0
  /** Those that came during a capture and were ignored. */
  ignored = 0

  #wanted
  #busy = false
  #isShared = false

  constructor (signal, capture, wanted) {
    this.signal = signal
    this.capture = capture
    this.#wanted = wanted
    if (process.listenerCount(signal) > 0) this.#warnShared()
    armed.set(signal, this)
    // Node does not keep a process alive for a signal's listener.
    process.on(signal, this.#onSignal)
    // With heapkit/register the application adds its own listener later, and that may well end the process.
    process.on('newListener', this.#onNewListener)
  }

  dispose () {
    process.off('newListener', this.#onNewListener)
    process.off(this.signal, this.#onSignal)
    if (armed.get(this.signal) === this) armed.delete(this.signal)
  }

  #onNewListener = (event) => {
    if (event === this.signal) this.#warnShared()
  }

  /** Warns once for each trigger. */
  #warnShared () {
    if (this.#isShared) return
    this.#isShared = true
    process.emitWarning(`${this.signal} has another listener; it and heapkit's ${this.capture} capture both run when the signal comes. ` +
      'If that other one ends the process, choose another signal', { type: 'HeapkitWarning', code: 'HEAPKIT_WARN_SIGNAL_SHARED' })
  }

  #onSignal = () => {
    this.received++
    if (this.#busy) {
      this.ignored++
      return
    }
    this.#busy = true
    this.#run()
  }

  async #run () {
    const { onArtifact, onError } = this.#wanted
    let artifact
    try {
      artifact = await this.#capture()
    } catch (error) {
      this.#busy = false
      if (onError) onError(error)
      // Nobody waits for a signal's capture: without a callback the failure would go unseen.
      else process.emitWarning(error.message, { type: 'HeapkitWarning', code: error.code })
      return
    }
    this.#busy = false
    onArtifact?.(artifact)
  }

  async #capture () {
    const { seconds = TIMED[this.capture]?.seconds, start, output } = this.#wanted
    return await (this.capture === 'snapshot' ? takeSnapshot(output) : captureFor(this.capture, seconds, start, output))
  }
}
// Node 20.0 has no such symbol.
if (Symbol.dispose) SignalTrigger.prototype[Symbol.dispose] = SignalTrigger.prototype.dispose

module.exports = { onSignal, CAPTURES }
