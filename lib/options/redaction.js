'use strict'

// How contents of strings are replaced: what one says, and what holds where several do. Who runs the process may ask for it, who mounts a handler,
// and each call; the strictest of all holds, so that nobody can have less than another wants.

const { randomBytes } = require('node:crypto')
const { read, bare } = require('./read')
const { boolean, patterns } = require('./values')
const { invalidOption } = require('../errors')
const native = require('../native')

const RULE = { strict: boolean, keep: patterns, extra: patterns }

/** The same text gets the same replacement in all copies of this thread, so that two of them can be compared. It is written nowhere. */
const SALT = randomBytes(32)

/** What one says, { strict, keep, extra }; undefined for not at all. */
function redaction (value, name) {
  if (value === false) return undefined
  if (value === true) return rule()
  if (value === 'strict') return rule({ strict: true })
  if (typeof value !== 'object' || value === null) throw invalidOption(name, "must be true, false, 'strict' or an object", value)
  const own = rule(read(value, RULE, { name, inside: `${name}.` }))
  // Not only when a snapshot is needed.
  native.checkPatterns(own.keep, own.extra)
  return own
}

function rule (own) {
  return bare({ strict: false, keep: [], extra: [] }, own)
}

/** What HEAPKIT_REDACT says. */
function redactionText (text, name) {
  if (text === 'strict') return 'strict'
  if (text === '1' || text === 'true') return true
  if (text === '0' || text === 'false') return false
  throw invalidOption(name, 'must be 1, 0 or strict')
}

/** What holds where several say something: what one of them wants replaced goes, and what stays must stay for each. */
function strictest (...rules) {
  const [first, ...others] = rules.filter((one) => one !== undefined)
  if (first === undefined) return undefined
  return others.reduce((all, one) => rule({
    strict: all.strict || one.strict,
    keep: all.keep.filter((pattern) => one.keep.includes(pattern)),
    extra: [...new Set([...all.extra, ...one.extra])]
  }), first)
}

/** A rule as the core takes it; `left` is how many of the names that stay are wanted instead of a copy. */
function salted (rule, left = 0) {
  return rule && bare(rule, { salt: SALT, left })
}

module.exports = { RULE, redaction, redactionText, strictest, salted }
