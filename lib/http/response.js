'use strict'

// Answers: JSON, and errors as application/problem+json (RFC 9457).

const { STATUS_CODES } = require('node:http')
const { HeapkitError, codes } = require('../errors')

/** An answer that is not a success; thrown by routes. */
class Problem extends Error {
  constructor (status, detail, { code, headers } = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

const STATUS_OF = {
  [codes.INVALID_OPTION]: 400,
  [codes.DISABLED]: 403,
  [codes.NOT_ACTIVE]: 409,
  [codes.BUSY]: 409,
  [codes.ABORTED]: 409,
  [codes.EXISTS]: 409,
  [codes.UNSUPPORTED]: 501,
  [codes.MEMORY]: 503,
  [codes.TIMEOUT]: 504,
  [codes.STALLED]: 504,
  [codes.NO_SPACE]: 507
}

function sendJson (res, status, body, headers) {
  send(res, status, 'application/json', toJson(body), headers)
}

/** Answers an error, whatever it is. Never throws: nobody is there to catch it. */
function sendProblem (res, error) {
  answerWith(res, error, (status) => send(res, status, 'application/problem+json',
    toJson({ type: 'about:blank', title: STATUS_CODES[status], status, detail: detailOf(error), code: codeOf(error) }), error?.headers))
}

/** The same as pprof's tools show it: they print texts that come with this header, and nothing else. */
function sendProblemText (res, error) {
  answerWith(res, error, (status) => send(res, status, 'text/plain; charset=utf-8', Buffer.from(`${detailOf(error)}\n`), { 'X-Go-Pprof': '1', ...error?.headers }))
}

function answerWith (res, error, say) {
  try {
    // Half an answer cannot be mended: the client sees a connection that broke off, not a short file.
    if (res.headersSent) res.destroy()
    else say(error instanceof Problem ? error.status : STATUS_OF[error?.code] ?? 500)
  } catch {
    res.destroy()
  }
}

/** The message of an error that nobody expected may give away anything, so only its name is shown. */
function detailOf (error) {
  if (error instanceof Problem || error instanceof HeapkitError || error?.syscall !== undefined) return error.message
  return `A bug in heapkit, please report it: ${error?.name ?? typeof error}`
}

function codeOf (error) {
  return String(error?.code ?? '').startsWith('HEAPKIT_') ? error.code : undefined
}

function toJson (body) {
  return Buffer.from(JSON.stringify(body) + '\n')
}

/** Sends a whole body, or to HEAD what would be said about it. */
function send (res, status, type, body, headers) {
  res.writeHead(status, {
    'Content-Type': type,
    'Content-Length': body.length,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers
  })
  res.end(res.req?.method === 'HEAD' ? undefined : body)
}

module.exports = { Problem, send, sendJson, sendProblem, sendProblemText, toJson }
