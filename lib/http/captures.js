'use strict'

// Routes that capture. One capture at a time: a second one is told when to come back. A client that goes away
// cancels its capture, because nobody else waits for it. A time limit is for clients whose going nobody sees.

const path = require('node:path')
const { threadId } = require('node:worker_threads')
const { takeSnapshot, createSnapshotStream } = require('../captures/snapshot')
const { startSampling, stopSampling, captureSampling } = require('../captures/sampling')
const { TIMED, captureFor } = require('../captures/timed')
const { slotHolder, endHeld } = require('../captures/slot')
const { HeapkitError, codes } = require('../errors')
const { mapsForClient, redaction: parsed, redactionFor, strictest } = require('../options')
const { deferred } = require('../promises')
const time = require('../time')
const { watchClient } = require('./client')
const { Problem, sendJson } = require('./response')
const { downloadHeaders, sendStream, canTellBreaks } = require('./download')
const { readQuery, seconds, milliseconds, flag, redaction, integer } = require('./query')

const RETRY_AFTER_SECONDS = 5

/** The capture that a handler of this thread is making: { kind, startedAt, since, seconds?, endsAt?, end }. */
let running = null

/** What is under way: { kind, startedAt, ageMs, threadId, endsAt? }, or null. */
function current () {
  if (running) {
    const { kind, startedAt, since, endsAt } = running
    return { kind, startedAt, ageMs: Math.round(time.now() - since), threadId, ...(endsAt && { endsAt }) }
  }
  const holder = slotHolder()
  return holder && { kind: holder.kind, startedAt: time.date(holder.sinceMs).toISOString(), ageMs: Math.round(holder.ageMs), threadId: holder.threadId }
}

/** Gives up what is under way, whoever began it, and answers when nothing is left of it. */
async function end ({ res, search }) {
  readQuery(search, {})
  const capture = current()
  if (!capture) throw new Problem(404, 'No capture is under way')
  const error = new HeapkitError(codes.ABORTED, 'The capture was given up: an operator ended it (DELETE /capture)')
  const over = running ? running.end(error) : endHeld(error)
  if (!over) throw new Problem(409, `The ${capture.kind} is of thread ${capture.threadId}; a handler in that thread can end it`)
  await over
  sendJson(res, 200, { ended: capture })
}

/** Runs `capture(client)` as the only one, cancelled when the client goes away. */
async function exclusively ({ req, res }, kind, seconds, capture) {
  if (running) {
    const left = running.seconds === undefined ? RETRY_AFTER_SECONDS : running.seconds - (time.now() - running.since) / 1000
    throw tooMany(`A ${running.kind} capture asked for over HTTP is under way since ${running.startedAt}; try again when it is over`, left)
  }
  const [start, since] = [time.date(), time.now()]
  const endsAt = seconds === undefined ? undefined : start.getTime() + seconds * 1000
  const over = deferred()
  const client = watchClient(req, res)
  const end = (reason) => {
    client.abort(reason)
    return over.promise
  }
  // From here on, whatever throws frees it again.
  running = { kind, startedAt: start.toISOString(), since, seconds, endsAt, end }
  try {
    return await capture(client)
  } catch (error) {
    // Another thread or the program itself holds the slot for heavy captures.
    if (error.code === codes.BUSY && kind !== 'sampling' && kind !== 'cpu') throw tooMany(error.message, RETRY_AFTER_SECONDS, error.code)
    throw error
  } finally {
    client.release()
    running = null
    over.resolve()
  }
}

function tooMany (detail, seconds, code = codes.BUSY) {
  return new Problem(429, detail, { code, headers: { 'Retry-After': Math.max(1, Math.ceil(seconds)) } })
}

function sendArtifact ({ res, base }, artifact) {
  const name = path.basename(artifact.path)
  sendJson(res, 201, { name, ...artifact }, { Location: `${base}/artifacts/${name}` })
}

/** The parameters of a capture, { timeoutMs, ...rest }: what the client asks for within what the operator allows. */
function readCaptureQuery ({ search, timeoutMs }, known = {}) {
  return { timeoutMs, ...readQuery(search, { ...known, timeoutMs: milliseconds(timeoutMs) }) }
}

/** Whoever asks for less than the operator wants gets what the operator wants, and is told. Patterns are the operator's alone. */
function redactionOf ({ reading: { redact = false } }, asked = false) {
  const own = parsed(redact, 'redact')
  const wanted = asked === false ? own : strictest(own, { ...(own ?? parsed(true, 'redact')), strict: asked === 'strict' })
  return redactionFor(wanted) ?? false
}

/** Whether children read the heap, and what they may take: the operator's alone. */
function forkingOf ({ reading: { redact, ...forking } }) {
  return forking
}

async function snapshot (context) {
  const { output } = context
  const { download, redact, ...rest } = readCaptureQuery(context, { download: flag, stableIds: flag, redact: redaction })
  const options = { ...forkingOf(context), ...rest, redact: redactionOf(context, redact) }
  await exclusively(context, 'snapshot', undefined, async (client) => {
    if (download) return await downloadSnapshot(context, options, client)
    sendArtifact(context, await takeSnapshot({ ...output, ...options, signal: client.signal }))
  })
}

async function downloadSnapshot ({ req, res, output }, options, client) {
  if (!canTellBreaks(req)) {
    throw new Problem(505, 'A download needs HTTP/1.1 here: over HTTP/1.0 without TCP nobody could tell a part of it from the whole. Take it as a file, and fetch that')
  }
  const { maxFiles, maxBytes, maxAgeMs, ...rest } = output
  const { timeoutMs } = options
  const began = time.now()
  const stream = createSnapshotStream({ ...rest, ...options, signal: client.signal })
  try {
    // Until the first bytes are there, a failure can still be answered as such.
    const { promise, resolve, reject } = deferred()
    stream.once('readable', resolve).once('error', reject)
    await promise
    res.writeHead(200, { ...downloadHeaders(req, stream.fileName), ...(options.redact && { 'Heapkit-Redacted': options.redact.strict ? 'strict' : '1' }) })
    await sendWithin(res, stream, client, timeoutMs, began)
  } finally {
    stream.destroy()
  }
}

/** The capture has the same limit, but a complete one may still wait for a client that takes a byte now and then. */
async function sendWithin (res, stream, client, timeoutMs, began) {
  const alarm = time.after(Math.max(0, timeoutMs - (time.now() - began)), () => {
    client.abort(new HeapkitError(codes.TIMEOUT, `The download was not complete after ${timeoutMs} ms (\`timeoutMs\`); the connection was ended`))
  })
  try {
    await sendStream(res, stream, { signal: client.signal })
  } finally {
    alarm.cancel()
  }
}

/** The parameters of profiles: the option says which formats there are. */
const PROFILE = { format: (text) => text, sourceMaps: flag }

/** What a profile is made into. */
function madeInto ({ sourceMaps: usual }, kind, { format, sourceMaps }) {
  return { format, sourceMaps: mapsForClient(kind, format, sourceMaps, usual) }
}

async function timed (context, kind, known) {
  const { seconds: duration = TIMED[kind].seconds, timeoutMs, redact, format, sourceMaps, ...options } =
    readCaptureQuery(context, { seconds: seconds(context.maxSeconds), ...known })
  // A timeline has the strings of the heap as a snapshot has them.
  const special = kind === 'timeline' ? { redact: redactionOf(context, redact) } : madeInto(context, kind, { format, sourceMaps })
  const ending = { ...(kind !== 'cpu' && forkingOf(context)), ...special }
  await exclusively(context, kind, duration, async ({ signal }) => {
    sendArtifact(context, await captureFor(kind, duration, options, { ...context.output, ...ending, signal, timeoutMs }))
  })
}

const SAMPLING = { sampleInterval: integer, stackDepth: integer, allocations: flag, maxSamples: integer, threads: flag }

const sampling = (context) => timed(context, 'sampling', { ...SAMPLING, ...PROFILE })
const cpu = (context) => timed(context, 'cpu', { sampleInterval: integer, threads: flag, ...PROFILE })
const timeline = (context) => timed(context, 'timeline', { trackAllocations: flag, resolutionMs: integer, redact: redaction })

async function samplingStart ({ res, search }) {
  const session = startSampling(readQuery(search, SAMPLING))
  sendJson(res, 201, { kind: 'sampling', startedAt: session.startedAt.toISOString(), threadId })
}

/** Reads or stops the session of this thread. If the client goes away, the session keeps what it has collected. */
async function readSampling (context, read) {
  const { timeoutMs, ...wanted } = readCaptureQuery(context, PROFILE)
  const client = watchClient(context.req, context.res)
  try {
    sendArtifact(context, await read({ ...context.output, ...forkingOf(context), ...madeInto(context, 'sampling', wanted), timeoutMs, signal: client.signal }))
  } finally {
    client.release()
  }
}

const samplingStop = (context) => readSampling(context, stopSampling)
const samplingCapture = (context) => readSampling(context, captureSampling)

module.exports = { exclusively, forkingOf, readCaptureQuery, sendWithin, current, end, snapshot, sampling, cpu, timeline, samplingStart, samplingStop, samplingCapture }
