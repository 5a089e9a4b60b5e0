'use strict'

// Answers: JSON, and errors as application/problem+json (RFC 9457).

const { STATUS_CODES } = require('node:http')
const { codes } = require('../errors')

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
  send(res, status, 'application/json', body, headers)
}

function sendProblem (res, error) {
  // Half an answer cannot be mended: the client sees a connection that broke off, not a short file.
  if (res.headersSent) {
    res.destroy()
    return
  }
  const status = error.status ?? STATUS_OF[error.code] ?? 500
  const code = String(error.code ?? '').startsWith('HEAPKIT_') ? error.code : undefined
  send(res, status, 'application/problem+json',
    { type: 'about:blank', title: STATUS_CODES[status], status, detail: error.message, code }, error.headers)
}

function send (res, status, type, body, headers) {
  const text = JSON.stringify(body) + '\n'
  res.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(text),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers
  })
  res.end(res.req?.method === 'HEAD' ? undefined : text)
}

module.exports = { Problem, sendJson, sendProblem }
