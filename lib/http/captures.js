'use strict'

// Routes that capture. One capture at a time: a second one is told when to come back. What a client asked for is
// cancelled when it goes away, because nobody else waits for it.

const path = require('node:path')
const { performance } = require('node:perf_hooks')
const { threadId } = require('node:worker_threads')
const { takeSnapshot, createSnapshotStream } = require('../captures/snapshot')
const { startSampling, stopSampling, captureSampling } = require('../captures/sampling')
const { TIMED, captureFor } = require('../captures/timed')
const { slotHolder, endHeld } = require('../captures/slot')
const { HeapkitError, codes } = require('../errors')
const { Problem, sendJson } = require('./response')
const { downloadHeaders, sendStream } = require('./download')
const { readQuery, seconds, flag, integer } = require('./query')

const RETRY_AFTER_SECONDS = 5

/** The capture that a handler of this thread is making: { kind, startedAt, since, endsAt?, end }. */
let running = null

/** What is under way: { kind, startedAt, ageMs, threadId, endsAt? }, or null. */
function current () {
  if (running) {
    const { kind, startedAt, since, endsAt } = running
    return { kind, startedAt, ageMs: Math.round(performance.now() - since), threadId, ...(endsAt && { endsAt }) }
  }
  const holder = slotHolder()
  return holder && { kind: holder.kind, startedAt: new Date(holder.sinceMs).toISOString(), ageMs: Math.round(holder.ageMs), threadId: holder.threadId }
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

/** Runs `capture(signal)` as the only one, cancelled when the client goes away. */
async function exclusively ({ req, res }, kind, duration, capture) {
  if (running) {
    const left = running.endsAt === undefined ? RETRY_AFTER_SECONDS : (running.endsAt - Date.now()) / 1000
    throw tooMany(`A ${running.kind} capture asked for over HTTP is under way since ${running.startedAt}; try again when it is over`, left)
  }
  const endsAt = duration === undefined ? undefined : Date.now() + duration * 1000
  const gone = new AbortController()
  let isOver
  const over = new Promise((resolve) => { isOver = resolve })
  const end = (reason) => {
    gone.abort(reason)
    return over
  }
  // Also after an answer, which during a capture can only be a refusal: of a body that is too long.
  const onClose = () => gone.abort(new Error('the client went away'))
  res.once('close', onClose)
  // A response that waits for its turn behind another's has no connection yet, and hears nothing of its end.
  req.socket.once('close', onClose)
  if (res.destroyed || req.socket.destroyed) onClose()
  // From here on nothing can throw that would not free it again.
  running = { kind, startedAt: new Date().toISOString(), since: performance.now(), endsAt, end }
  try {
    return await capture(gone.signal)
  } catch (error) {
    // Another thread or the program itself holds the slot for heavy captures.
    if (error.code === codes.BUSY && kind !== 'sampling' && kind !== 'cpu') throw tooMany(error.message, RETRY_AFTER_SECONDS, error.code)
    throw error
  } finally {
    res.off('close', onClose)
    req.socket.off('close', onClose)
    running = null
    isOver()
  }
}

function tooMany (detail, seconds, code = codes.BUSY) {
  return new Problem(429, detail, { code, headers: { 'Retry-After': Math.max(1, Math.ceil(seconds)) } })
}

function sendArtifact ({ res, base }, artifact) {
  const name = path.basename(artifact.path)
  sendJson(res, 201, { name, ...artifact }, { Location: `${base}/artifacts/${name}` })
}

async function snapshot (context) {
  const { download, ...options } = readQuery(context.search, { download: flag, stableIds: flag, redact: flag })
  return exclusively(context, 'snapshot', undefined, async (signal) => {
    if (download) return downloadSnapshot(context, { ...options, signal })
    sendArtifact(context, await takeSnapshot({ ...context.output, ...options, signal }))
  })
}

async function downloadSnapshot ({ req, res, output }, options) {
  const { maxFiles, maxBytes, maxAgeMs, ...rest } = output
  const stream = createSnapshotStream({ ...rest, ...options })
  // Wait for the first bytes: until then a failure can still be answered as such.
  await new Promise((resolve, reject) => stream.once('readable', resolve).once('error', reject))
  res.writeHead(200, downloadHeaders(req, stream.fileName))
  await sendStream(res, stream, { signal: options.signal })
}

async function timed (context, kind, known) {
  const { seconds: duration = TIMED[kind].seconds, ...options } =
    readQuery(context.search, { seconds: seconds(context.maxSeconds), ...known })
  return exclusively(context, kind, duration, async (signal) => {
    sendArtifact(context, await captureFor(kind, duration, options, { ...context.output, signal }))
  })
}

const SAMPLING = { sampleInterval: integer, stackDepth: integer }

const sampling = (context) => timed(context, 'sampling', SAMPLING)
const cpu = (context) => timed(context, 'cpu', { sampleInterval: integer })
const timeline = (context) => timed(context, 'timeline', { trackAllocations: flag, resolutionMs: integer })

async function samplingStart ({ res, search }) {
  const session = startSampling(readQuery(search, SAMPLING))
  sendJson(res, 201, { kind: 'sampling', startedAt: session.startedAt.toISOString(), threadId })
}

async function samplingStop (context) {
  readQuery(context.search, {})
  sendArtifact(context, await stopSampling(context.output))
}

async function samplingCapture (context) {
  readQuery(context.search, {})
  sendArtifact(context, await captureSampling(context.output))
}

module.exports = { current, end, snapshot, sampling, cpu, timeline, samplingStart, samplingStop, samplingCapture }
