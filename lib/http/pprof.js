'use strict'

// pprof over HTTP, as Go's net/http/pprof has it: what `go tool pprof URL` and what else scrapes such endpoints ask for. No file is made of it. A GET captures here,
// so that pages of other origins are refused whatever they ask.
//
// Source: https://pkg.go.dev/net/http/pprof; google/pprof, internal/driver/fetch.go; cmd/pprof (how errors are shown).

const { Readable } = require('node:stream')
const { activeSession } = require('../captures/session')
const { TIMED, captureFor, pass } = require('../captures/timed')
const { codes } = require('../errors')
const { mapsForClient } = require('../options')
const time = require('../time')
const { exclusively, forkingOf, readCaptureQuery, sendWithin } = require('./captures')
const { watchClient } = require('./client')
const { refuseCrossOrigin } = require('./cross-origin')
const { Problem, send } = require('./response')
const { readQuery, seconds, flag, integer } = require('./query')

const START = 'POST /sampling/start does, HEAPKIT_SAMPLING=1 does when the process starts (with heapkit/register), and startSampling() in code'
const ALLOCATIONS = 'POST /sampling/start?allocations=1, HEAPKIT_SAMPLING=allocations when the process starts, or startSampling({ allocations: true }) in code'

/** The endpoints: what each has, and whether it can be had now. */
const ENDPOINTS = {
  heap: ['what is alive of what was allocated, sampled; `seconds=N` for what became of it in that time', () => whyNot('inuse_space')],
  allocs: ['all that was allocated since sampling began, sampled; `seconds=N` for that time alone', () => whyNot('alloc_space')],
  profile: ['who takes the processor\'s time, for `seconds=30`', () => undefined]
}

async function index (context) {
  const { req, res, search } = context
  readQuery(search, {})
  const rows = Object.entries(ENDPOINTS).map(([name, [what, whyNot]]) => ({ name, what, not: whyNot() }))
  if (!/\btext\/html\b/.test(req.headers.accept ?? '')) {
    send(res, 200, 'text/plain; charset=utf-8', Buffer.from(rows.map(({ name, what, not }) => `${name}\t${what}${not ? ` (not now: ${not})` : ''}\n`).join('')))
    return
  }
  // Relative, because a proxy may have another path; with and without the slash at the end.
  const at = /\/pprof\/(\?|$)/.test(req.url) ? '' : 'pprof/'
  const row = ({ name, what, not }) => `<dt><a href="${at}${name}?debug=1">${name}</a><dd>${escaped(what)}${not ? `<br><em>Not now: ${escaped(not)}</em>` : ''}\n`
  const page = `<!doctype html>\n<meta charset="utf-8">\n<title>heapkit: pprof</title>\n<h1>pprof</h1>\n<dl>\n${rows.map(row).join('')}</dl>\n<p><code>go tool pprof URL</code>, without <code>debug=1</code>\n`
  send(res, 200, 'text/html; charset=utf-8', Buffer.from(page), { 'Content-Security-Policy': "default-src 'none'" })
}

function escaped (text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

/** Why there are no such values to be had from the session of this thread; undefined if there are. */
function whyNot (value) {
  const session = activeSession('sampling')
  if (session === undefined) return `no sampling session is running in this thread; ${value === 'alloc_space' ? `to count all that was allocated, ${ALLOCATIONS}` : START}`
  // It may be of another copy of heapkit.
  if (session._value === value && typeof session._captureToStream === 'function') return undefined
  return value === 'alloc_space'
    ? `the sampling session of this thread counts what is alive. End it (POST /sampling/stop), and to count all that was allocated, ${ALLOCATIONS}`
    : 'the sampling session of this thread counts what was collected, too, and V8 does not tell the two apart. End it (POST /sampling/stop); another one, without `allocations`, counts what is alive'
}

const heap = (context) => readSession(context, 'heap', 'inuse_space')
const allocs = (context) => readSession(context, 'allocs', 'alloc_space')

/** Reads the session of this thread, which goes on; with `seconds` twice, for the difference. */
async function readSession (context, name, value) {
  // V8 collects garbage before each reading, whether `gc` asks for it or not.
  const { seconds: duration, ...wanted } = readPprofQuery(context, { gc: integer })
  const not = whyNot(value)
  if (not !== undefined) throw new Problem(409, `There is no ${name} profile: ${not}`, { code: codes.NOT_ACTIVE })
  const session = activeSession('sampling')
  const read = (client, as) => session._captureToStream({ ...output(context, wanted, client), ...forkingOf(context) }, as)
  if (context.req.method === 'HEAD') {
    sendHead(context, name, wanted)
    return
  }
  if (duration === undefined) {
    const client = watchClient(context.req, context.res)
    try {
      await answer(context, name, wanted, client, (as) => read(client, as))
    } finally {
      client.release()
    }
    return
  }
  await exclusively(context, 'sampling', duration, async (client) => {
    const began = { date: time.date(), at: time.now() }
    const base = { ...began, text: Buffer.concat((await read(client, { format: 'heapprofile' })).chunks) }
    await pass(duration, client.signal)
    await answer(context, name, wanted, client, (as) => read(client, { ...as, base }))
  })
}

async function profile (context) {
  const { seconds: duration = TIMED.cpu.seconds, sampleInterval, threads, ...wanted } = readPprofQuery(context, { sampleInterval: integer, threads: flag })
  if (context.req.method === 'HEAD') {
    sendHead(context, 'profile', wanted)
    return
  }
  await exclusively(context, 'cpu', duration, async (client) => {
    const to = output(context, wanted, client)
    await answer(context, 'profile', wanted, client, (as) => captureFor('cpu', duration, { sampleInterval, threads }, to, (session) => session._stopToStream(to, as)))
  })
}

/** The parameters that Go's endpoints have; no page of another origin may capture. */
function readPprofQuery (context, known) {
  refuseCrossOrigin({ method: 'POST', headers: context.req.headers }, context.trustedOrigins ?? [])
  return readCaptureQuery(context, { seconds: seconds(context.maxSeconds), debug: integer, sourceMaps: flag, ...known })
}

/** Where bytes may wait to be read, and what ends the capture. */
function output ({ output: { dir, minFreeBytes }, sourceMaps: usual }, { timeoutMs, sourceMaps }, { signal }) {
  return { dir, minFreeBytes, timeoutMs, signal, sourceMaps: mapsForClient('cpu', 'pprof', sourceMaps, usual) }
}

/** Sends what `capture({ format })` delivers: pprof, or a text for people. */
async function answer ({ res }, name, { debug, timeoutMs }, client, capture) {
  const began = time.now()
  const { artifact, chunks } = await capture({ format: debug ? 'text' : 'pprof' })
  res.writeHead(200, { ...headers(name, debug), 'Content-Length': artifact.bytes })
  await sendWithin(res, Readable.from(chunks), client, timeoutMs, began)
}

function headers (name, debug) {
  const type = debug
    ? { 'Content-Type': 'text/plain; charset=utf-8' }
    : { 'Content-Type': 'application/octet-stream', 'Content-Disposition': `attachment; filename="${name}.pb.gz"` }
  return { ...type, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }
}

/** Nothing is captured to tell what it would come as. */
function sendHead ({ res }, name, { debug }) {
  res.writeHead(200, headers(name, debug))
  res.end()
}

module.exports = { index, heap, allocs, profile }
