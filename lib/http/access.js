'use strict'

// Who may use the handler: those who have the token, which is compared in constant time, or those whom a function of the application lets in.

const { createHash, timingSafeEqual } = require('node:crypto')
const { invalidOption } = require('../errors')
const { refuseCrossOrigin } = require('./cross-origin')
const { Problem } = require('./response')

/**
 * A check of the option. The newline at the end of a file of secrets is dropped; what no header can carry is refused. No message shows the
 * value, because even a wrong one is a secret.
 */
function tokenText (value, name) {
  const text = typeof value === 'string' ? value.trim() : ''
  if (text === '') throw invalidOption(name, 'must be a string that is not empty')
  if (!/^[\x21-\x7e]+$/.test(text)) throw invalidOption(name, 'must be ASCII without spaces: no `Authorization` header could carry anything else')
  return text
}

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

module.exports = { tokenText, byToken, byFunction }
