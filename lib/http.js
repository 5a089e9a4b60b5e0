'use strict'

// The HTTP handler: (req, res[, next]) for node:http, Express, Connect, and Fastify's raw objects. It authorizes before it
// looks at anything else, and answers every error as application/problem+json.

const { createHash, timingSafeEqual } = require('node:crypto')
const { threadId } = require('node:worker_threads')
const options = require('./options')
const native = require('./native')
const { version } = require('../package.json')
const { invalidOption } = require('./errors')
const { listArtifacts } = require('./artifacts')
const { activeSession } = require('./captures/session')
const captures = require('./http/captures')
const artifacts = require('./http/artifacts')
const { origins, refuseCrossOrigin } = require('./http/cross-origin')
const { readQuery } = require('./http/query')
const { Problem, sendJson, sendProblem } = require('./http/response')

const MAX_BODY_BYTES = 64 * 1024

const OPTIONS = {
  ...options.SHARED,
  token: tokenText,
  authorize: options.callback,
  trustedOrigins: origins,
  prefix: pathPrefix,
  maxSeconds: options.integerFrom(1, 86_400)
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
  '/artifacts': { GET: artifacts.list }
}
const ARTIFACT = { GET: artifacts.get, DELETE: artifacts.remove }

function createHandler (given) {
  const { authorize, prefix, maxSeconds, output } = validate(given)

  return function heapkitHandler (req, res, next) {
    const [pathname, search] = split(req.url)
    const inside = pathname === prefix || pathname.startsWith(`${prefix}/`)
    if (!inside && typeof next === 'function') {
      next()
      return
    }
    answer().catch((error) => sendProblem(res, error))

    async function answer () {
      try {
        await authorize(req)
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
      await route[method]({ req, res, search, name, base, maxSeconds, output, dir: () => options.resolveDir(output.dir) })
    }
  }
}

function validate (given) {
  const { token, authorize, trustedOrigins, prefix = '', maxSeconds = 300, ...output } = options.read(given, OPTIONS)
  if (token === undefined && authorize === undefined) {
    throw invalidOption('token', 'is missing: the handler lets people read the heap, so it needs a `token` or an `authorize` function')
  }
  if (token !== undefined && authorize !== undefined) throw invalidOption('authorize', 'cannot be combined with `token`')
  if (token !== undefined && trustedOrigins !== undefined) throw invalidOption('trustedOrigins', 'needs `authorize`: no page can send a `token` that it does not know')
  // Options that do not go together are found here, not by the first request.
  options.stop('sampling', output)
  return { authorize: token === undefined ? byFunction(authorize, trustedOrigins) : byToken(token), prefix, maxSeconds, output }
}

/** Files of secrets end in a newline, which no header can hold; nor can it hold what the rest refuses. The value is a secret, even a wrong one. */
function tokenText (value, name) {
  const text = typeof value === 'string' ? value.trim() : ''
  if (text === '') throw invalidOption(name, 'must be a string that is not empty')
  if (!/^[\x21-\x7e]+$/.test(text)) throw invalidOption(name, 'must be ASCII without spaces: no `Authorization` header could carry anything else')
  return text
}

function pathPrefix (value, name) {
  if (typeof value !== 'string' || !/^(\/[^/?#\s]+)*\/?$/.test(value)) {
    throw invalidOption(name, "must be a path such as '/debug/heapkit'", value)
  }
  return value.replace(/\/$/, '')
}

// --- who may ---

function byToken (token) {
  const right = digest(token)
  return async (req) => {
    const match = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '')
    // Digests have one length, so the comparison tells nothing, not even how long the token is.
    if (!match || !timingSafeEqual(digest(match[1]), right)) throw unauthorized()
  }
}

function byFunction (authorize, trustedOrigins = []) {
  return async (req) => {
    refuseCrossOrigin(req, trustedOrigins)
    let allowed
    try {
      allowed = await authorize(req)
    } catch {
      throw new Problem(500, 'The `authorize` function threw; nothing was done')
    }
    if (allowed !== true) throw unauthorized()
  }
}

function digest (text) {
  return createHash('sha256').update(text).digest()
}

function unauthorized () {
  return new Problem(401, 'Authorization is missing or wrong; send `Authorization: Bearer TOKEN`',
    { headers: { 'WWW-Authenticate': 'Bearer realm="heapkit"' } })
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
  // Consumed already by a body parser.
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

async function status ({ res, search, dir }) {
  readQuery(search, {})
  const there = dir()
  const list = await listArtifacts(there)
  const sampling = activeSession('sampling')
  sendJson(res, 200, {
    version,
    nodeVersion: process.version,
    pid: process.pid,
    threadId,
    uptimeSeconds: Math.round(process.uptime()),
    snapshotsDisabled: native.snapshotsDisabled(),
    capture: captures.current(),
    sampling: sampling ? { startedAt: sampling.startedAt.toISOString() } : null,
    dir: there,
    artifacts: { count: list.length, bytes: list.reduce((sum, { bytes }) => sum + bytes, 0) },
    freeDiskBytes: freeDisk(there),
    memory: process.memoryUsage()
  })
}

function freeDisk (dir) {
  try {
    return native.freeDiskBytes(dir)
  } catch {
    // Not made yet.
    return null
  }
}

module.exports = { createHandler }
