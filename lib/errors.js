'use strict'

// The one error class and the one list of codes; src/error.rs has the codes of the native core.

const codes = Object.freeze({
  /** An option, environment variable or argument has a value that cannot be used. */
  INVALID_OPTION: 'HEAPKIT_ERR_INVALID_OPTION',
  /** This platform, Node.js version or thread cannot do it. */
  UNSUPPORTED: 'HEAPKIT_ERR_UNSUPPORTED',
  /** Something that may run only once at a time is running. */
  BUSY: 'HEAPKIT_ERR_BUSY',
  /** Snapshots were disabled for this process. */
  DISABLED: 'HEAPKIT_ERR_DISABLED',
  /** There is no session to stop or read. */
  NOT_ACTIVE: 'HEAPKIT_ERR_NOT_ACTIVE',
  /** The capture was given up at the caller's request. */
  ABORTED: 'HEAPKIT_ERR_ABORTED',
  /** The capture's own time limit passed. */
  TIMEOUT: 'HEAPKIT_ERR_TIMEOUT',
  /** The disk, or the reader of a stream, took no data at all while bytes were waiting for it; or the disk was so slow that it held up the service, or does not answer. */
  STALLED: 'HEAPKIT_ERR_STALLED',
  /** The operating system refused an operation on a file. */
  IO: 'HEAPKIT_ERR_IO',
  /** The disk or the directory's quota has no room. */
  NO_SPACE: 'HEAPKIT_ERR_NO_SPACE',
  /** The file is there already. */
  EXISTS: 'HEAPKIT_ERR_EXISTS',
  /** There is not enough memory for a forked capture, or to read one, or no longer. */
  MEMORY: 'HEAPKIT_ERR_MEMORY',
  /** The forked child ended before its snapshot was complete. */
  CHILD: 'HEAPKIT_ERR_CHILD',
  /** A file is not a heap snapshot, or not a whole one. */
  INVALID_SNAPSHOT: 'HEAPKIT_ERR_INVALID_SNAPSHOT',
  /** A file is not a profile, or not a whole one. */
  INVALID_PROFILE: 'HEAPKIT_ERR_INVALID_PROFILE',
  /** V8's inspector refused. */
  INSPECTOR: 'HEAPKIT_ERR_INSPECTOR',
  /** The native addon cannot be loaded. */
  BINDING: 'HEAPKIT_ERR_BINDING',
  /** A bug in heapkit. */
  INTERNAL: 'HEAPKIT_ERR_INTERNAL'
})

/** Whether a value is a HeapkitError. Unlike `instanceof` it runs no code of others: a proxy may throw. */
let isHeapkitError

class HeapkitError extends Error {
  #isOwn

  static {
    isHeapkitError = (value) => typeof value === 'object' && value !== null && #isOwn in value
  }

  constructor (code, message, { cause, option, path } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    if (option !== undefined) this.option = option
    if (path !== undefined) this.path = path
  }
}
Object.defineProperty(HeapkitError.prototype, 'name', {
  value: 'HeapkitError', writable: true, configurable: true
})

function invalidOption (option, problem, value) {
  const got = arguments.length > 2 ? `; got ${describe(value)}` : ''
  return new HeapkitError(codes.INVALID_OPTION, `Option \`${option}\` ${problem}${got}`, { option })
}

/** For an option that threw when it was used: it has getters, or is a proxy. `problem` says what was done with it. */
function brokenOption (option, problem, cause) {
  return new HeapkitError(codes.INVALID_OPTION, `Option \`${option}\` ${problem}: ${textOf(cause)}`, { option, cause })
}

/** What an error says. People throw anything, and what they throw may throw when it is asked. */
function textOf (error) {
  try {
    return String(error?.message ?? error)
  } catch {
    return 'for a reason that cannot be told'
  }
}

/** A value as an error message shows it: short, and never the contents of an object. */
function describe (value) {
  if (typeof value === 'string') {
    return value.length > 80 ? `'${value.slice(0, 77)}...'` : `'${value}'`
  }
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'object' && value !== null) return isArray(value) ? 'an array' : 'an object'
  return typeof value === 'bigint' ? `${value}n` : String(value)
}

/** A revoked proxy is none. */
function isArray (value) {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

module.exports = { HeapkitError, isHeapkitError, codes, invalidOption, brokenOption, textOf, describe }
