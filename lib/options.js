'use strict'

// The one place that validates: options of every call, defaults of configure(), and the HEAPKIT_* environment. What
// leaves here is complete and right, so nothing behind it checks again. Precedence: call, configure(), HEAPKIT_*, Node's
// --diagnostic-dir (for the directory), built-in.

const os = require('node:os')
const path = require('node:path')
const { randomBytes } = require('node:crypto')
const native = require('./native')
const { nodeOption } = require('./node-options')
const { HeapkitError, codes, invalidOption, describe } = require('./errors')

const COMPRESSIONS = {
  // On heap snapshots (bench/sink.js) gzip 4 keeps up with V8's serializer, and the levels above it save 2 % more. zstd 1 is
  // smaller than 3 there, and faster.
  gzip: { extension: '.gz', level: 4, min: 0, max: 9 },
  zstd: { extension: '.zst', level: 1, min: 1, max: 19 },
  none: { extension: '' }
}

// What the environment and the command line name relatively is relative to where the process was started, whoever changes
// the working directory later.
const START_DIR = process.cwd()

const MAX_TIMEOUT_MS = 2 ** 31 - 1

/** Limits and defaults of a directory that may be set by call, configure() and environment alike. */
const SHARED = {
  dir: { parse: pathText },
  compression: { parse: (value, name) => oneOf(value, name, Object.keys(COMPRESSIONS)) },
  level: { parse: (value, name) => integer(value, name, 0, 19) },
  maxFiles: { parse: (value, name) => integer(value, name, 1) },
  maxBytes: { parse: (value, name) => integer(value, name, 1) },
  maxAgeMs: { parse: (value, name) => integer(value, name, 1) },
  minFreeBytes: { parse: (value, name) => integer(value, name, 0) }
}

const ENVIRONMENT = {
  HEAPKIT_DIR: ['dir', (text) => path.resolve(START_DIR, text)],
  HEAPKIT_COMPRESSION: ['compression', (text) => text],
  HEAPKIT_MAX_FILES: ['maxFiles', number],
  HEAPKIT_MAX_BYTES: ['maxBytes', byteCount],
  HEAPKIT_MIN_FREE_BYTES: ['minFreeBytes', byteCount]
}

const BUILT_IN = { compression: 'gzip', minFreeBytes: 64 * 1024 * 1024 }

// --- values ---

function integer (value, name, min, max = Number.MAX_SAFE_INTEGER) {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
    throw invalidOption(name, `must be an integer ${range}`, value)
  }
  return value
}

function boolean (value, name) {
  if (typeof value !== 'boolean') throw invalidOption(name, 'must be true or false', value)
  return value
}

function oneOf (value, name, values) {
  if (!values.includes(value)) {
    throw invalidOption(name, `must be ${values.map((one) => `'${one}'`).join(' or ')}`, value)
  }
  return value
}

function pathText (value, name) {
  if (typeof value !== 'string' || value === '' || value.includes('\0')) {
    throw invalidOption(name, 'must be a path, a string that is not empty', value)
  }
  return value
}

function callback (value, name) {
  if (typeof value !== 'function') throw invalidOption(name, 'must be a function', value)
  return value
}

function abortSignal (value, name) {
  if (typeof value?.aborted !== 'boolean' || typeof value.addEventListener !== 'function') {
    throw invalidOption(name, 'must be an AbortSignal', value)
  }
  return value
}

function plainObject (value, name = 'options') {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidOption(name, 'must be an object', value)
  }
  return value
}

function number (text) {
  return /^\d+$/.test(text) ? Number(text) : text
}

/** '64m': an integer with k, m or g for powers of 1,024. */
function byteCount (text) {
  const match = /^(\d+)([kmg]?)$/i.exec(text)
  return match ? Number(match[1]) * 1024 ** ' kmg'.indexOf(match[2].toLowerCase() || ' ') : text
}

/** Applies `parse` to the value where there is one. */
function optional (options, name, parse, fallback) {
  const value = options[name]
  return value === undefined ? fallback : parse(value, name)
}

// --- layers of defaults ---

function parseShared (options) {
  const parsed = {}
  for (const [name, { parse }] of Object.entries(SHARED)) {
    if (options[name] !== undefined) parsed[name] = parse(options[name], name)
  }
  return parsed
}

/** What HEAPKIT_* says; an error names the variable. An empty variable counts as not set. */
function fromEnvironment (env = process.env) {
  const parsed = {}
  for (const [variable, [name, read]] of Object.entries(ENVIRONMENT)) {
    if (!env[variable]) continue
    try {
      parsed[name] = SHARED[name].parse(read(env[variable]), variable)
    } catch (error) {
      throw environmentError(error, variable, env[variable])
    }
  }
  return parsed
}

function environmentError (error, variable, text) {
  const problem = error.message.replace(/^Option `[^`]*` /, '').replace(/; got .*$/s, '')
  return new HeapkitError(codes.INVALID_OPTION,
    `Environment variable ${variable} ${problem}; got ${describe(text)}`, { option: variable })
}

function defaults () {
  const json = native.getDefaults()
  return json === '' ? {} : JSON.parse(json)
}

/** Sets the process's defaults, for all its threads. Replaces what was set before. */
function configure (options) {
  const parsed = parseShared(plainObject(options, 'defaults'))
  checkLevel(parsed.compression ?? BUILT_IN.compression, parsed.level)
  // A relative directory means the one of now, whoever changes the working directory later.
  if (parsed.dir !== undefined) parsed.dir = path.resolve(parsed.dir)
  native.setDefaults(JSON.stringify(parsed))
}

/** --diagnostic-dir is Node's own option for the same purpose. */
function diagnosticDir () {
  const dir = nodeOption('--diagnostic-dir')
  return dir ? path.resolve(START_DIR, dir) : undefined
}

/** The directory that captures go to where the call does not say. */
function resolveDir (dir, fallback) {
  // Nobody asks for the working directory who does not need it: it may be gone.
  return path.resolve(dir ?? defaults().dir ?? fromEnvironment().dir ?? diagnosticDir() ?? fallback ?? process.cwd())
}

/** How a file is packed, by its name: compression and level. */
function packingOf (file) {
  const [compression, { level = 0 }] = Object.entries(COMPRESSIONS).find(([, { extension }]) => extension && file.endsWith(extension)) ?? ['none', {}]
  return { compression, level }
}

function checkLevel (compression, level) {
  if (level === undefined) return
  const { min, max } = COMPRESSIONS[compression]
  if (max === undefined) throw invalidOption('level', "means nothing with compression 'none'", level)
  integer(level, 'level', min, max)
}

// --- options of the calls ---

/** OutputOptions: where a capture goes, and how it is packed. `formats` are the capture's own, the first the default. */
function output (options, formats, { stream = false } = {}) {
  const own = parseShared(options)
  const merged = { ...BUILT_IN, ...fromEnvironment(), ...defaults(), ...own }
  // A level belongs to the codec it was set with.
  if (own.compression !== undefined) merged.level = own.level
  checkLevel(merged.compression, merged.level)
  const codec = COMPRESSIONS[merged.compression]
  const format = optional(options, 'format', (value) => oneOf(value, 'format', formats), formats[0])
  const file = optional(options, 'file', pathText)
  if (file !== undefined && own.dir !== undefined) {
    throw invalidOption('file', 'is the whole path; leave `dir` away', file)
  }
  const target = file === undefined
    ? { dir: resolveDir(own.dir, stream ? os.tmpdir() : undefined) }
    : { dir: path.dirname(path.resolve(file)), file: path.basename(path.resolve(file)) }
  return {
    ...target,
    format,
    extension: format + codec.extension,
    compression: merged.compression,
    level: merged.level ?? codec.level ?? 0,
    maxFiles: merged.maxFiles,
    maxBytes: merged.maxBytes,
    maxAgeMs: merged.maxAgeMs,
    minFreeBytes: merged.minFreeBytes
  }
}

/** What every operation that takes time accepts. */
function control (options) {
  return {
    signal: optional(options, 'signal', abortSignal),
    timeoutMs: optional(options, 'timeoutMs', (value, name) => integer(value, name, 1, MAX_TIMEOUT_MS)),
    onProgress: optional(options, 'onProgress', callback)
  }
}

function share (value, name, or = '') {
  if (typeof value !== 'number' || !(value >= 0.01 && value <= 1)) throw invalidOption(name, `must be ${or}a number from 0.01 to 1`, value)
  return value
}

/** What a forked snapshot may take. */
function memory (value, name) {
  const given = plainObject(value, name)
  return {
    reserveBytes: optional(given, 'reserveBytes', (bytes) => integer(bytes, 'memory.reserveBytes', 0), 64 * 1024 * 1024),
    force: optional(given, 'force', (force) => boolean(force, 'memory.force'), false)
  }
}

/** How contents of strings are replaced; undefined for not at all. The salt is made here, so that no two files share one. */
function redact (value, name) {
  if (value === false) return undefined
  const given = plainObject(value === true ? undefined : value, name)
  return {
    keep: optional(given, 'keep', (list) => patterns(list, `${name}.keep`), []),
    extra: optional(given, 'extra', (list) => patterns(list, `${name}.extra`), []),
    salt: randomBytes(32)
  }
}

/** Regular expressions as text: of a RegExp its source, because the core has its own engine, which takes no longer than linear time. */
function patterns (value, name) {
  if (!Array.isArray(value)) throw invalidOption(name, 'must be an array of regular expressions', value)
  return value.map((pattern) => {
    if (pattern instanceof RegExp) return pattern.flags.includes('i') ? `(?i)${pattern.source}` : pattern.source
    if (typeof pattern !== 'string' || pattern === '') throw invalidOption(name, 'must have regular expressions, as RegExp or string', pattern)
    return pattern
  })
}

function snapshot (options, { stream = false } = {}) {
  options = plainObject(options)
  return {
    mode: optional(options, 'mode', (value, name) => oneOf(value, name, ['auto', 'fork', 'inline']), 'auto'),
    exposeInternals: optional(options, 'exposeInternals', boolean, false),
    exposeNumericValues: optional(options, 'exposeNumericValues', boolean, false),
    memory: optional(options, 'memory', memory, memory({})),
    maxCpu: optional(options, 'maxCpu', (value, name) => value === 'auto' ? value : share(value, name, "'auto' or "), 'auto'),
    stableIds: optional(options, 'stableIds', boolean, false),
    redact: optional(options, 'redact', redact),
    ...control(options),
    output: output(options, ['heapsnapshot'], { stream })
  }
}

function sampling (options) {
  options = plainObject(options)
  return {
    sampleInterval: optional(options, 'sampleInterval', (value, name) => integer(value, name, 1, 2 ** 31 - 1), 512 * 1024),
    stackDepth: optional(options, 'stackDepth', (value, name) => integer(value, name, 1, 128), 64),
    includeObjectsCollectedByMajorGC: optional(options, 'includeObjectsCollectedByMajorGC', boolean, false),
    includeObjectsCollectedByMinorGC: optional(options, 'includeObjectsCollectedByMinorGC', boolean, false)
  }
}

function timeline (options) {
  options = plainObject(options)
  return { trackAllocations: optional(options, 'trackAllocations', boolean, false) }
}

function cpu (options) {
  options = plainObject(options)
  return { sampleInterval: optional(options, 'sampleInterval', (value, name) => integer(value, name, 50, 10_000_000), 1000) }
}

/** Options of a session's stop() and capture(). */
function stop (options, formats) {
  options = plainObject(options)
  return { ...control(options), output: output(options, formats) }
}

/** What reading a snapshot accepts. */
function reading (options) {
  options = plainObject(options)
  return {
    partial: optional(options, 'partial', boolean, false),
    signal: optional(options, 'signal', abortSignal),
    onProgress: optional(options, 'onProgress', callback)
  }
}

const MAX_TOP = 10_000

/** How much of an answer is wanted. */
function top (options, name = 'top', fallback = 20) {
  return optional(options, name, (value) => integer(value, name, 1, MAX_TOP), fallback)
}

function summary (options) {
  options = plainObject(options)
  return { top: top(options), sort: optional(options, 'sort', (value, name) => oneOf(value, name, ['retained', 'shallow', 'count']), 'retained') }
}

function suspects (options) {
  return { threshold: optional(plainObject(options), 'threshold', share, 0.1) }
}

function diff (options) {
  options = plainObject(options)
  return { top: top(options), ...reading(options) }
}

module.exports = {
  integer,
  oneOf,
  callback,
  plainObject,
  optional,
  byteCount,
  fromEnvironment,
  environmentError,
  configure,
  resolveDir,
  snapshot,
  sampling,
  timeline,
  cpu,
  stop,
  pathText,
  packingOf,
  redact,
  reading,
  top,
  summary,
  suspects,
  diff
}
