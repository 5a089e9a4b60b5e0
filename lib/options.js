'use strict'

// The one place that validates: options of every call, defaults of configure(), and the HEAPKIT_* environment. What
// leaves here is complete and right, so nothing behind it checks again. Precedence: call, configure(), HEAPKIT_*, Node's
// --diagnostic-dir (for the directory), built-in.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const native = require('./native')
const { nodeOption } = require('./node-options')
const { resolve, resolveFromStart } = require('./working-dir')
const { HeapkitError, codes, invalidOption, describe } = require('./errors')
const { read, guarded, pick, bare } = require('./options/read')
const { integer, integerFrom, boolean, oneOf, oneOfThese, pathText, callback, abortSignal, share, mapsFrom, sourceMaps, pattern, text } = require('./options/values')
const { RULE, redaction, redactionText, strictest, salted } = require('./options/redaction')
const { counting } = require('./options/allocations')
const { formatsOf, extensionOf, formatNamed, usualCompression } = require('./options/formats')
const { nearest } = require('./options/nearest')

/** { extension, level, min, max } of each codec; src/sink/codec.rs has the table. */
const COMPRESSIONS = Object.fromEntries(native.codecs().map(({ name, ...codec }) => [name, codec]))
const MOST_LEVEL = Math.max(...Object.values(COMPRESSIONS).map(({ max = 0 }) => max))

/** What files in V8's own format end in. */
const V8_ENDINGS = Object.fromEntries(['snapshot', 'sampling', 'timeline', 'cpu'].map((kind) => [kind, `.${extensionOf(formatsOf(kind)[0])}`]))

const MAX_TIMEOUT_MS = 2 ** 31 - 1

// --- the options of each call ---

const PACKING = { dir: pathText, compression: oneOfThese(Object.keys(COMPRESSIONS)), level: integerFrom(0, MOST_LEVEL), minFreeBytes: integerFrom(0) }

/** Limits and defaults of a directory. A call, configure() and the environment can all set them. */
const SHARED = { ...PACKING, maxFiles: integerFrom(1), maxBytes: integerFrom(1), maxAgeMs: integerFrom(1) }

/** What configure() and the environment can set: the same, the format of profiles and where their source maps are, and what no call can ask less than. */
const DEFAULTS = { ...SHARED, format: oneOfThese([...new Set(['sampling', 'cpu'].flatMap(formatsOf))]), sourceMaps: mapsFrom, redact: redaction }

/** What every operation that takes time accepts. */
const CONTROL = { signal: abortSignal, timeoutMs: integerFrom(1, MAX_TIMEOUT_MS), onProgress: callback }

/** Whether a forked child reads the heap, and what it may take. */
const FORKING = {
  mode: oneOfThese(['auto', 'fork', 'inline']),
  memory,
  maxCpu: (value, name) => value === 'auto' ? value : share(value, name, "'auto' or ")
}

/** How a child is forked by default. */
function usualForking () {
  return { mode: 'auto', memory: memory(undefined, 'memory'), maxCpu: 'auto' }
}

const SNAPSHOT = {
  ...FORKING,
  exposeInternals: boolean,
  exposeNumericValues: boolean,
  stableIds: boolean,
  redact: redaction
}

/** What can be set for all that an HTTP handler reads of heaps; its clients decide the rest. Answered as it was given, because each capture checks it again. */
const READING_DEFAULTS = Object.fromEntries(['mode', 'memory', 'maxCpu', 'redact'].map((option) => [option, (value, name) => {
  SNAPSHOT[option](value, name)
  return value
}]))

/** The sessions that are started and stopped: the options that start them, what those come to together, and their defaults. */
const SESSIONS = {
  sampling: {
    ending: FORKING,
    schema: {
      sampleInterval: integerFrom(1, 2 ** 31 - 1),
      stackDepth: integerFrom(1, 128),
      includeObjectsCollectedByMajorGC: boolean,
      includeObjectsCollectedByMinorGC: boolean,
      allocations: boolean,
      maxSamples: integerFrom(1000, 1_000_000),
      threads: boolean
    },
    together: counting,
    defaults: {
      sampleInterval: 512 * 1024,
      stackDepth: 64,
      includeObjectsCollectedByMajorGC: false,
      includeObjectsCollectedByMinorGC: false,
      allocations: false,
      maxSamples: 20_000,
      threads: false
    }
  },
  timeline: {
    // It is a heap snapshot. Profiles have no contents of strings.
    ending: { ...FORKING, redact: redaction },
    schema: { trackAllocations: boolean, resolutionMs: integerFrom(50, 3_600_000) },
    // Without a `resolutionMs` the timeline finds its own pace.
    defaults: { trackAllocations: false }
  },
  cpu: { schema: { sampleInterval: integerFrom(50, 10_000_000), threads: boolean }, defaults: { sampleInterval: 1000, threads: false } }
}

/** What a capture on a signal has besides. */
const TRIGGER = { seconds: integerFrom(1, 86_400), onArtifact: callback, onError: callback }

/** What a profile is read with. */
const PROFILE_READING = { sourceMaps, memory, signal: abortSignal, onProgress: callback }

/** What a profile of several threads is written as, if nobody says. */
const OF_THREADS = 'pprof'

/** What a profile is written as, besides what V8 has itself. */
const PROFILE_FORMATS = formatsOf('cpu').slice(1)

/** What a row is when a profile is added up. */
const ROWS = ['function', 'file', 'package']

const READING = { partial: boolean, sourceMaps, memory, signal: abortSignal, onProgress: callback }

/** What questions about a snapshot that was read accept besides. */
const QUESTION = { signal: abortSignal }

/** How many entries of an answer are wanted. */
const TOP = integerFrom(1, 10_000)

/** Where a capture goes and how it is packed, and what it is made into. A stream has neither a file nor a quota. */
function outputSchema (kind, stream) {
  const formats = formatsOf(kind)
  return { ...(stream ? PACKING : { ...SHARED, file: pathText }), format: oneOfThese(formats), ...(formats.length > 1 && { sourceMaps: mapsFrom }) }
}

/** What a forked child, or a reading, may take. */
function memory (value, name) {
  const own = read(value, { reserveBytes: integerFrom(0), force: boolean }, { name, inside: `${name}.` })
  return bare({ reserveBytes: 64 * 1024 * 1024, force: false }, own)
}

// --- layers of defaults ---

const ENVIRONMENT = {
  HEAPKIT_DIR: ['dir', resolveFromStart],
  HEAPKIT_COMPRESSION: ['compression', (text) => text],
  HEAPKIT_FORMAT: ['format', (text) => text],
  HEAPKIT_SOURCE_MAPS: ['sourceMaps', foldersText],
  HEAPKIT_MAX_FILES: ['maxFiles', number],
  HEAPKIT_MAX_BYTES: ['maxBytes', byteCount],
  HEAPKIT_MIN_FREE_BYTES: ['minFreeBytes', byteCount],
  HEAPKIT_REDACT: ['redact', redactionText]
}

const BUILT_IN = { compression: 'gzip', minFreeBytes: 64 * 1024 * 1024 }

function number (text) {
  return /^\d+$/.test(text) ? Number(text) : text
}

/** '64m': an integer with k, m or g for powers of 1,024. */
function byteCount (text) {
  const match = /^(\d+)([kmg]?)$/i.exec(text)
  return match ? Number(match[1]) * 1024 ** ' kmg'.indexOf(match[2].toLowerCase() || ' ') : text
}

/** '1', '0', or folders as PATH has them. */
function foldersText (text) {
  if (['1', 'true', '0', 'false'].includes(text)) return text === '1' || text === 'true'
  return text.split(path.delimiter).filter(Boolean).map(resolveFromStart)
}

/** What HEAPKIT_* says; an error names the variable. An empty variable counts as not set. */
function fromEnvironment (env = process.env) {
  refuseMisspelt(env)
  const parsed = bare()
  for (const [variable, [name, parse]] of Object.entries(ENVIRONMENT)) {
    if (!env[variable]) continue
    try {
      parsed[name] = DEFAULTS[name](parse(env[variable], variable), variable)
    } catch (error) {
      throw environmentError(error, variable, env[variable])
    }
  }
  return parsed
}

/** Other programs may have variables of such names, too, but one that was meant for this one must not be passed over: the secrets would be written. */
function refuseMisspelt (env) {
  const misspelt = Object.keys(env).find((name) => /^HEAPKIT_/i.test(name) && !/^HEAPKIT_REDACT$/i.test(name) && nearest(name.slice(8), ['REDACT']) !== undefined)
  if (misspelt === undefined || !env[misspelt]) return
  throw new HeapkitError(codes.INVALID_OPTION, `Environment variable ${misspelt} is not known; did you mean \`HEAPKIT_REDACT\`?`, { option: misspelt })
}

function environmentError (error, variable, text) {
  const problem = error.message.replace(/^Option `[^`]*` /, '').replace(/; got .*$/s, '')
  return new HeapkitError(codes.INVALID_OPTION,
    `Environment variable ${variable} ${problem}; got ${describe(text)}`, { option: variable })
}

/** What configure() was given, which may have been another version's: what this one does not know, or would not take, does not count. */
function defaults () {
  const given = givenDefaults()
  const taken = bare(Object.fromEntries(Object.entries(given).filter(([name, value]) => Object.hasOwn(DEFAULTS, name) && isTaken(DEFAULTS[name], value))))
  // But not to know how much is to be replaced means to replace all that can be.
  return Object.hasOwn(given, 'redact') ? bare(taken, { redact: redaction(taken.redact ?? 'strict', 'redact') }) : taken
}

function givenDefaults () {
  const json = native.getDefaults()
  return json === '' ? {} : JSON.parse(json)
}

function isTaken (check, value) {
  try {
    check(value)
    return true
  } catch {
    return false
  }
}

/** Sets the process's defaults, for all its threads. Replaces what was set before, but redaction, which can only become stricter. */
function configure (given) {
  const parsed = read(given, DEFAULTS, { name: 'defaults' })
  const { compression } = bare(BUILT_IN, fromEnvironment(), parsed)
  checkLevel(compression, parsed.level)
  // A relative directory is resolved now, because the working directory may change later.
  if (parsed.dir !== undefined) parsed.dir = resolve(parsed.dir)
  if (Array.isArray(parsed.sourceMaps)) parsed.sourceMaps = parsed.sourceMaps.map((dir) => resolve(dir))
  parsed.redact = strictest(defaults().redact, parsed.redact)
  native.setDefaults(JSON.stringify(parsed))
}

/** What HEAPKIT_REDACT says at the start holds for the process: a thread may be started with another environment. A wrong value is the error of each capture. */
function keepFromStart () {
  const said = [process.env.HEAPKIT_REDACT, fromStart('HEAPKIT_REDACT')].filter((text) => isTaken(redactionText, text))
  const redact = strictest(defaults().redact, ...said.map((text) => redaction(redactionText(text))))
  if (redact) native.setDefaults(JSON.stringify({ ...givenDefaults(), redact }))
}

/** A variable as it was when the process began, where the system tells: since then it may have been deleted, and this may be a thread with an environment of its own. */
function fromStart (variable) {
  try {
    const line = fs.readFileSync('/proc/self/environ', 'utf8').split('\0').find((line) => line.startsWith(`${variable}=`))
    return line?.slice(variable.length + 1)
  } catch {
    return undefined
  }
}
keepFromStart()

/** What holds for a capture that asks for `own`, and perhaps for others of whom it is part; undefined for not at all. */
function redactionFor (...own) {
  return strictest(...own, defaults().redact, fromEnvironment().redact)
}

/** --diagnostic-dir is Node's own option for the same purpose. */
function diagnosticDir () {
  const dir = nodeOption('--diagnostic-dir')
  return dir ? resolveFromStart(dir) : undefined
}

/** The directory of a capture whose call may not have named one. */
function resolveDir (dir, fallback) {
  return resolve(dir ?? defaults().dir ?? fromEnvironment().dir ?? diagnosticDir() ?? fallback ?? '.')
}

/** What a capture's file holds. The process's format is for those that can have it; of a file, its name says. V8's own has room for one thread. */
function formatOf (kind, { format, file }, threads) {
  const formats = formatsOf(kind)
  if (file !== undefined) mustNotMislead(kind, file)
  const wanted = file === undefined ? bare(fromEnvironment(), defaults()).format : formatNamed(bareName(file))
  const found = format ?? (formats.includes(wanted) ? wanted : formats[0])
  if (!threads || !isOwnFormat(kind, found)) return found
  if (format === undefined && file === undefined) return OF_THREADS
  throw invalidOption(format === undefined ? 'file' : 'format', `must be of another format (\`${OF_THREADS}\`, for one) with \`threads: true\`, because '${found}' has room for one thread`, format ?? file)
}

/** A file in V8's format for another kind of capture would be taken for one. A timeline is a snapshot, too. */
function mustNotMislead (kind, file) {
  const others = Object.keys(V8_ENDINGS).filter((other) => V8_ENDINGS[other] !== V8_ENDINGS[kind] && bareName(file).endsWith(V8_ENDINGS[other]))
  if (others.length === 0 || (kind === 'timeline' && others.includes('snapshot'))) return
  throw invalidOption('file', `must not end in ${V8_ENDINGS[others[0]]}, which ${others[0]} captures have; this is a ${kind} capture (${V8_ENDINGS[kind]})`, file)
}

/** The format of that name, or V8's own. */
function format (kind, name) {
  const formats = formatsOf(kind)
  return name === undefined ? formats[0] : oneOf(name, 'format', formats)
}

function isOwnFormat (kind, format) {
  return formatsOf(kind)[0] === format
}

/** Where the process wants source maps to be looked for. */
function usualMaps () {
  return bare(fromEnvironment(), defaults()).sourceMaps
}

/** The folders whose source maps a capture reads, as values.js has them. What the process wants is for formats that can have it, as `format` is for captures. */
function mapsOf (kind, format, own) {
  if (isOwnFormat(kind, format)) {
    if (own) throw invalidOption('sourceMaps', `is for formats other than '${format}', which is of the scripts as they run: ask for another \`format\`, or name sources later (openProfile(file, { sourceMaps }), \`heapkit flame --source-maps\`)`)
    return undefined
  }
  return sourceMaps(own ?? usualMaps() ?? false)?.map((dir) => resolve(dir))
}

/** `sourceMaps` of a capture of which a client says yes, no or nothing. Where maps are, only the operator says. */
function mapsForClient (kind, format, asked, usual) {
  if (asked === undefined) return usual && !isOwnFormat(kind, formatOf(kind, { format })) ? usual : undefined
  return asked && (usual || usualMaps() || true)
}

/** A file's name without what it is packed with. */
function bareName (file) {
  return file.slice(0, file.length - packingOf(file).extension.length)
}

/** How a file is packed, by its name: { compression, level, extension }. The last codec, 'none', has the extension that every name ends in. */
function packingOf (file) {
  const [compression, { level = 0, extension }] = Object.entries(COMPRESSIONS).find(([, { extension }]) => file.endsWith(extension))
  return { compression, level, extension }
}

function checkLevel (compression, level) {
  if (level === undefined || fits(compression, level)) return
  const { min, max } = COMPRESSIONS[compression]
  if (max === undefined) throw invalidOption('level', "means nothing with compression 'none'", level)
  throw invalidOption('level', `must be an integer from ${min} to ${max} with compression '${compression}'`, level)
}

function fits (compression, level) {
  const { min, max } = COMPRESSIONS[compression]
  return level >= min && level <= max
}

/** A default level was meant for the codec that it was set with. A capture with another codec takes it only if that codec has such a level. */
function levelOf ({ level: ownLevel, compression: ownCompression }, { level: defaultLevel }, compression) {
  checkLevel(compression, ownLevel)
  const inherited = ownCompression === undefined && defaultLevel !== undefined && fits(compression, defaultLevel) ? defaultLevel : undefined
  return ownLevel ?? inherited ?? COMPRESSIONS[compression].level ?? 0
}

// --- options of the calls ---

/** Where a capture goes, and how it is packed; `own` has the options of its call. */
function output (own, kind, { stream = false, threads = false } = {}) {
  const configured = defaults()
  const format = formatOf(kind, own, threads)
  // Who opens `a.heapsnapshot` expects it to be one.
  const named = own.file === undefined ? {} : { compression: packingOf(own.file).compression }
  // Who names a level wants it packed.
  const usual = own.level === undefined ? { compression: usualCompression(format) } : {}
  const { compression, maxFiles, maxBytes, maxAgeMs, minFreeBytes } = bare(BUILT_IN, usual, fromEnvironment(), configured, named, pick(own, SHARED))
  const level = levelOf(own, configured, compression)
  if (own.file !== undefined && own.dir !== undefined) {
    throw invalidOption('file', 'is the whole path; leave out `dir`', own.file)
  }
  const target = own.file === undefined
    ? { dir: resolveDir(own.dir, stream ? os.tmpdir() : undefined) }
    : { dir: path.dirname(resolve(own.file)), file: path.basename(resolve(own.file)) }
  return bare(target, { format, extension: `${extensionOf(format)}${COMPRESSIONS[compression].extension}`, compression, level, maxFiles, maxBytes, maxAgeMs, minFreeBytes })
}

function snapshot (given, { stream = false } = {}) {
  const own = read(given, { ...SNAPSHOT, ...CONTROL, ...outputSchema('snapshot', stream) })
  const usual = { exposeInternals: false, exposeNumericValues: false, stableIds: false }
  return bare(usualForking(), usual, pick(own, { ...SNAPSHOT, ...CONTROL }), { redact: salted(redactionFor(own.redact)), output: output(own, 'snapshot', { stream }) })
}

/** Options that start a session. */
function start (kind, given) {
  const { schema, together = (own) => own, defaults } = SESSIONS[kind]
  return bare(defaults, together(read(given, schema)))
}

/** Options of a session's stop() and capture(). */
function stop (kind, given, { threads = false } = {}) {
  const { ending = {} } = SESSIONS[kind]
  const own = read(given, { ...ending, ...CONTROL, ...outputSchema(kind) })
  const to = output(own, kind, { threads })
  const more = { redact: ending.redact && salted(redactionFor(own.redact)), sourceMaps: mapsOf(kind, to.format, own.sourceMaps), output: to }
  return bare(ending.mode && usualForking(), pick(own, { ...ending, ...CONTROL }), more)
}

/** The same where no file is made of it, but a stream: { format, base? } are what lib/captures/conversion.js takes. pprof's tools expect gzip. */
function stopToStream (kind, given, { format, base }) {
  const { ending = {} } = SESSIONS[kind]
  const own = read(given, { ...ending, ...CONTROL, ...PACKING, sourceMaps: mapsFrom })
  const packed = bare(own, { compression: format === 'pprof' ? 'gzip' : 'none', level: undefined })
  const maps = isOwnFormat(kind, format) ? undefined : mapsOf(kind, format, own.sourceMaps)
  const to = bare(output(packed, kind, { stream: true }), { format })
  return bare(ending.mode && usualForking(), pick(own, { ...ending, ...CONTROL }), { stream: true, base, sourceMaps: maps, output: to })
}

/**
 * Options of a capture that a signal will start: { seconds, onArtifact, onError, start, output }, of which the last two go to the capture itself.
 * Wrong ones throw now.
 */
function triggered (kind, given) {
  const { schema = {}, ending: special } = SESSIONS[kind] ?? { ending: SNAPSHOT }
  const ending = { ...special, ...CONTROL, ...outputSchema(kind) }
  const known = { ...TRIGGER, ...schema, ...ending }
  // As they were given, because each capture checks them again: what the process wants may have changed.
  const asGiven = read(given, Object.fromEntries(Object.keys(known).map((name) => [name, (value) => value])))
  const own = read(asGiven, known)
  if (kind === 'snapshot' && own.seconds !== undefined) throw invalidOption('seconds', 'means nothing for a snapshot', own.seconds)
  mapsOf(kind, output(own, kind, { threads: own.threads }).format, own.sourceMaps)
  if (kind !== 'snapshot') start(kind, pick(asGiven, schema))
  return bare(pick(own, TRIGGER), { start: pick(asGiven, schema), output: pick(asGiven, ending) })
}

/** What reading a snapshot accepts. */
function reading (given) {
  return bare({ partial: false, memory: memory(undefined, 'memory') }, read(given, READING))
}

/** What redacting a file accepts: { rule, signal, onProgress }. */
function redacting (given) {
  const { strict, keep, extra, ...control } = read(given, { ...RULE, signal: abortSignal, onProgress: callback })
  return bare(control, { rule: salted(redactionFor(redaction(bare({ strict, keep, extra }), 'options'))) })
}

/** How many entries of an answer are wanted, where that is the only option of a question: { [name], signal }. */
function top (given, name, fallback) {
  return bare({ [name]: fallback }, read(given, { [name]: TOP, ...QUESTION }))
}

function summary (given) {
  return bare({ top: 20, sort: 'retained' }, read(given, { top: TOP, sort: oneOfThese(['retained', 'shallow', 'count']), ...QUESTION }))
}

function suspects (given) {
  return bare({ threshold: 0.1 }, read(given, { threshold: share, ...QUESTION }))
}

function diff (given) {
  return bare({ top: 20, tree: false, partial: false, memory: memory(undefined, 'memory') }, read(given, { top: TOP, tree: boolean, ...READING }))
}

function profileReading (given) {
  return bare({ memory: memory(undefined, 'memory') }, read(given, PROFILE_READING))
}

/** Which functions, files, packages or threads of a profile. */
function profileTop (given) {
  return profileRows(given, { by: oneOfThese([...ROWS, 'thread']), focus: pattern, ignore: pattern })
}

/** Threads of two profiles are not the same ones. */
function profileDiff (given) {
  return profileRows(given, { by: oneOfThese(ROWS) })
}

function profileRows (given, more) {
  return bare({ by: 'function', top: 20 }, read(given, { value: text, top: TOP, ...more, ...QUESTION }))
}

/** Only the page of a flame graph has a title, and colours for what grew. */
function profileConvert (format, given) {
  const known = oneOf(format, 'format', PROFILE_FORMATS)
  // Whether `base` is a profile, lib/profile.js knows.
  const page = known === 'flamegraph' ? { base: (value) => value, title: text } : {}
  return bare({ format: known }, read(given, { value: text, ...page, ...QUESTION }))
}

module.exports = {
  SHARED,
  READING_DEFAULTS,
  MAX_TIMEOUT_MS,
  read,
  guarded,
  pick,
  bare,
  integer,
  integerFrom,
  oneOf,
  callback,
  mapsFrom,
  mapsForClient,
  pathText,
  byteCount,
  fromEnvironment,
  environmentError,
  configure,
  resolveDir,
  snapshot,
  start,
  stop,
  stopToStream,
  triggered,
  packingOf,
  format,
  isOwnFormat,
  redaction,
  redactionFor,
  strictest,
  salted,
  redacting,
  reading,
  top,
  summary,
  suspects,
  diff,
  profileReading,
  profileTop,
  profileDiff,
  profileConvert
}
