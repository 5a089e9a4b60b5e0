'use strict'

// Who may use the handler: those who have the token, which is compared in constant time, or those whom a function of the application lets in.
// The token may also come as a password: pprof's tools send one that is in a URL, and nothing else.

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
  return async (req, takesPassword) => {
    const { scheme, text } = credentials(req.headers.authorization ?? '')
    // Digests have one length, so the comparison tells nothing, not even how long the token is.
    if (scheme === undefined || !timingSafeEqual(digest(text), right)) throw unauthorized(takesPassword)
    // A browser that was once given the password sends it along with the requests of any page.
    if (scheme === 'basic') refuseCrossOrigin(req, [])
  }
}

/** { scheme, text } of what may be the token; the user's name says nothing. */
function credentials (header) {
  const [, scheme, text] = /^(Bearer|Basic) +(\S+)$/i.exec(header) ?? []
  if (scheme?.toLowerCase() !== 'basic') return { scheme: scheme?.toLowerCase(), text }
  const pair = Buffer.from(text, 'base64').toString('latin1')
  return { scheme: 'basic', text: pair.slice(pair.indexOf(':') + 1) }
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

/** Where pages are, browsers are told to ask for a password. */
function unauthorized (takesPassword = false) {
  const bearer = 'Bearer realm="heapkit"'
  const how = takesPassword ? ', or the token as password' : ''
  return new Problem(401, `Authorization is missing or wrong; send \`Authorization: Bearer TOKEN\`${how}`,
    { headers: { 'WWW-Authenticate': takesPassword ? [bearer, 'Basic realm="heapkit"'] : bearer } })
}

module.exports = { tokenText, byToken, byFunction }
