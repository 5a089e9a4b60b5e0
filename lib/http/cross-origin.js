'use strict'

// Requests that a browser makes for somebody else's page. Browsers send cookies along, so an `authorize` function that looks at cookies would let
// such requests pass. Those that only read are let through: browsers do not show the answer to such a page.
//
// Source: Fetch Metadata Request Headers, section 2.4; RFC 6454, section 7.

const { invalidOption } = require('../errors')
const { Problem } = require('./response')

const READS = ['GET', 'HEAD', 'OPTIONS']

/** Throws a 403 for such a request, unless its origin is in `trusted`. Clients that are no browsers send neither `Sec-Fetch-Site` nor `Origin`. */
function refuseCrossOrigin ({ method, headers }, trusted) {
  const { origin, 'sec-fetch-site': site } = headers
  if (READS.includes(method) || trusted.includes(origin)) return
  const isOwn = site === undefined ? origin === undefined || hostOf(origin) === hostAsked(headers) : site === 'same-origin' || site === 'none'
  if (!isOwn) throw new Problem(403, `A page of another origin (${origin ?? site}) made this request; \`trustedOrigins\` names those that may`)
}

/** The host and port of an origin; undefined for `null`, the origin of sandboxed and local pages. */
function hostOf (origin) {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function hostAsked (headers) {
  return (headers.host ?? headers[':authority'])?.toLowerCase()
}

/** A check of the option: origins as browsers write them. */
function origins (value, name) {
  if (!Array.isArray(value)) throw invalidOption(name, "must be an array of origins such as 'https://ops.example.com'", value)
  return value.map((one) => {
    if (!URL.canParse(one) || new URL(one).origin !== one) throw invalidOption(name, "must have origins such as 'https://ops.example.com': scheme, host, and a port that is not the scheme's own", one)
    return one
  })
}

module.exports = { refuseCrossOrigin, origins }
