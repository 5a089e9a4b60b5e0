'use strict'

// node --require heapkit/register app.js (or --import): HEAPKIT_* variables say what to do, without a line of code. A wrong
// value is an error at start, before the application runs.

const { isMainThread } = require('node:worker_threads')
const native = require('./native')
const options = require('./options')
const { invalidOption } = require('./errors')
const { onSignal, CAPTURES } = require('./triggers/signal')
const { startSampling } = require('./captures/sampling')
const { listen } = require('./captures/workers')

/** The captures that can be of all threads. */
const OF_THREADS = ['sampling', 'cpu']

const ALLOCATIONS = 'allocations'

register(process.env)

function register (env) {
  options.fromEnvironment(env)
  const signals = named('HEAPKIT_SIGNAL', env, parseSignals) ?? []
  const sampling = named('HEAPKIT_SAMPLING', env, parseSampling)
  const threads = named('HEAPKIT_THREADS', env, (text, name) => {
    const isOn = parseFlag(text, name)
    if (isOn && sampling?.allocations) throw invalidOption(name, 'cannot be had with HEAPKIT_SAMPLING=allocations, whose memory is bounded in each thread by itself; leave one of the two out')
    return isOn
  }) ?? false
  named('HEAPKIT_DISABLE_SNAPSHOTS', env, parseFlag)
  named('HEAPKIT_DIR', env, () => clean(options.resolveDir()))
  // Signals reach only the main thread; worker threads load this file too.
  if (isMainThread) {
    for (const [signal, capture] of signals) named('HEAPKIT_SIGNAL', env, () => onSignal(signal, capture, OF_THREADS.includes(capture) ? { threads } : {}))
  }
  // That of the main thread has all others in it.
  if (sampling && (isMainThread || !threads)) startSampling({ ...sampling, threads })
  listen()
}

/** Parses a variable that is set; an error names the variable. */
function named (variable, env, parse) {
  if (!env[variable]) return undefined
  try {
    return parse(env[variable], variable)
  } catch (error) {
    throw options.environmentError(error, variable, env[variable])
  }
}

/** 'SIGUSR2' (a snapshot), or 'SIGUSR2=snapshot,SIGWINCH=cpu'. */
function parseSignals (text) {
  return text.split(',').map((part) => {
    const [signal, capture = 'snapshot', more] = part.trim().split('=')
    if (!/^SIG[A-Z0-9]+$/.test(signal) || !CAPTURES.includes(capture) || more !== undefined) {
      throw invalidOption('HEAPKIT_SIGNAL',
        `must be a signal such as SIGUSR2, or a list such as SIGUSR2=snapshot,SIGWINCH=cpu (captures: ${CAPTURES.join(', ')})`)
    }
    return [signal, capture]
  })
}

function parseFlag (text, name) {
  return ['1', 'true'].includes(options.oneOf(text, name, ['0', '1', 'true', 'false']))
}

/** '1', '0', or what the session has: the interval in bytes ('512k'), `allocations`, or both with a comma between them. */
function parseSampling (text, name) {
  if (text === '0' || text === 'false') return undefined
  if (text === '1' || text === 'true') return {}
  const parts = text.split(',').map((part) => part.trim())
  const [interval, more] = parts.filter((part) => part !== ALLOCATIONS)
  if (more !== undefined || (interval !== undefined && !/^[-\d]/.test(interval))) throw invalidOption(name, 'must be 1, 0, an interval in bytes such as 64k, `allocations`, or the last two with a comma between them')
  const sampleInterval = interval === undefined ? undefined : options.integer(options.byteCount(interval), name, 2, 2 ** 31 - 1)
  return { sampleInterval, ...(parts.includes(ALLOCATIONS) && { allocations: true }) }
}

/** Removes what dead processes left half written: at start, without waiting for the next capture. */
function clean (dir) {
  try {
    native.sweep(dir)
  } catch (error) {
    if (error.cause?.code === 'ENOTDIR') throw invalidOption('dir', 'is not a directory, or lies below a file')
    // A directory that is not made yet has nothing to clean. For anything else a warning is enough: captures will fail with the same error.
    if (error.cause?.code !== 'ENOENT') process.emitWarning(error.message, { type: 'HeapkitWarning', code: error.code })
  }
}
