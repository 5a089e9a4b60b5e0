'use strict'

// The HTTP handler: (req, res[, next]) for node:http, Express, Connect, and the raw objects of Fastify, Koa and Hono. It authorizes
// before it looks at anything else, and answers every error as application/problem+json.

const options = require('./options')
const { invalidOption } = require('./errors')
const { settle } = require('./promises')
const captures = require('./http/captures')
const artifacts = require('./http/artifacts')
const pprof = require('./http/pprof')
const { status } = require('./http/status')
const { tokenText, byToken, byFunction } = require('./http/access')
const { origins } = require('./http/cross-origin')
const { Problem, sendProblem, sendProblemText } = require('./http/response')

const MAX_BODY_BYTES = 64 * 1024
// Long enough for the snapshot of a heap of gigabytes under a CPU quota, or for its download at 10 Mbit/s.
const TIMEOUT_MS = 15 * 60 * 1000

/** How the handler reads heaps: snapshots, timelines, sampling profiles. */
const READING = options.READING_DEFAULTS

const OPTIONS = {
  ...options.SHARED,
  ...READING,
  sourceMaps: options.mapsFrom,
  token: tokenText,
  authorize: options.callback,
  trustedOrigins: origins,
  prefix: pathPrefix,
  maxSeconds: options.integerFrom(1, 86_400),
  timeoutMs: options.integerFrom(1, options.MAX_TIMEOUT_MS)
}

const ROUTES = {
  '/status': { GET: status },
  '/snapshot': { POST: captures.snapshot },
  '/sampling': { POST: captures.sampling },
  '/sampling/start': { POST: captures.samplingStart },
  '/sampling/stop': { POST: captures.samplingStop },
  '/sampling/capture': { POST: captures.samplingCapture },
  '/cpu': { POST: captures.cpu },
  '/timeline': { POST: captures.timeline },
  '/capture': { DELETE: captures.end },
  '/artifacts': { GET: artifacts.list },
  '/pprof': { GET: pprof.index },
  '/pprof/heap': { GET: pprof.heap },
  '/pprof/allocs': { GET: pprof.allocs },
  '/pprof/profile': { GET: pprof.profile }
}
const ARTIFACT = { GET: artifacts.get, DELETE: artifacts.remove }

function createHandler (given) {
  const { authorize, prefix, ...settings } = validate(given)

  return function heapkitHandler (req, res, next) {
    const [pathname, search] = split(req.url)
    const inside = pathname === prefix || pathname.startsWith(`${prefix}/`)
    if (!inside && typeof next === 'function') {
      next()
      return
    }
    const isPprof = pathname.startsWith(`${prefix}/pprof`)
    settle(answer(), () => {}, (error) => isPprof ? sendProblemText(res, error) : sendProblem(res, error))

    async function answer () {
      try {
        await authorize(req, isPprof)
      } finally {
        discardBody(req, res)
      }
      if (!inside) throw notFound()
      if (Number(req.headers['content-length']) > MAX_BODY_BYTES) throw tooLarge()
      const { route, name } = match(pathname.slice(prefix.length))
      const method = req.method === 'HEAD' ? 'GET' : req.method
      if (!Object.hasOwn(route, method)) {
        const allow = Object.keys(route).flatMap((one) => one === 'GET' ? ['GET', 'HEAD'] : [one]).join(', ')
        throw new Problem(405, `${req.method} is not allowed here; use ${allow}`, { headers: { Allow: allow } })
      }
      const base = (req.baseUrl ?? '') + prefix
      await route[method]({ req, res, search, name, base, ...settings, dir: () => options.resolveDir(settings.output.dir) })
    }
  }
}

function validate (given) {
  const asGiven = options.read(given, OPTIONS)
  const { token, authorize, trustedOrigins, prefix = '', maxSeconds = 300, timeoutMs = TIMEOUT_MS, ...rest } = asGiven
  if (token === undefined && authorize === undefined) {
    throw invalidOption('token', 'is missing: the handler lets people read the heap, so it needs a `token` or an `authorize` function')
  }
  if (token !== undefined && authorize !== undefined) throw invalidOption('authorize', 'cannot be combined with `token`')
  if (token !== undefined && trustedOrigins !== undefined) throw invalidOption('trustedOrigins', 'needs `authorize`: no page can send a `token` that it does not know')
  const output = options.pick(rest, options.SHARED)
  // Options that do not go together are found here, not by the first request.
  options.stop('sampling', output)
  return {
    authorize: token === undefined ? byFunction(authorize, trustedOrigins) : byToken(token),
    prefix,
    trustedOrigins,
    maxSeconds,
    timeoutMs,
    output,
    sourceMaps: asGiven.sourceMaps,
    reading: options.pick(rest, READING)
  }
}

function pathPrefix (value, name) {
  if (typeof value !== 'string' || !/^(\/[^/?#\s]+)*\/?$/.test(value)) {
    throw invalidOption(name, "must be a path such as '/debug/heapkit'", value)
  }
  return value.replace(/\/$/, '')
}

// --- what is asked ---

/** By hand, because the URL class would resolve `..` before anybody could refuse it. */
function split (url) {
  const at = url.indexOf('?')
  return at === -1 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

function match (pathname) {
  const exact = pathname.length > 1 ? pathname.replace(/\/$/, '') : pathname
  if (Object.hasOwn(ROUTES, exact)) return { route: ROUTES[exact] }
  const parts = /^\/artifacts\/([^/]+)$/.exec(pathname)
  if (!parts) throw notFound()
  try {
    return { route: ARTIFACT, name: decodeURIComponent(parts[1]) }
  } catch {
    throw notFound()
  }
}

function notFound () {
  return new Problem(404, `Not found; there are ${Object.keys(ROUTES).join(', ')} and /artifacts/NAME`)
}

/** Nothing here reads a body. It is thrown away as it comes, whoever sent it, and a long one ends the connection. */
function discardBody (req, res) {
  // A body parser has read it already.
  if (req.readableEnded || req.readableFlowing) return
  let bytes = 0
  const onData = (chunk) => {
    bytes += chunk.length
    if (bytes <= MAX_BODY_BYTES) return
    req.off('data', onData)
    // Where there is still an answer to give, it reaches the client before the connection ends.
    if (res.headersSent) req.destroy()
    else sendProblem(res, tooLarge())
  }
  req.on('data', onData)
  req.on('error', () => {})
}

function tooLarge () {
  return new Problem(413, `No request has a body here; more than ${MAX_BODY_BYTES} bytes are not taken`,
    { headers: { Connection: 'close' } })
}

module.exports = { createHandler }
