'use strict'

// Query parameters: each route names those that it knows; everything else is refused rather than ignored, so that a
// misspelt `seconds` does not become a capture of the default length.

const { nearest } = require('../options/nearest')
const { Problem } = require('./response')

/** Longer names are none that was misspelt. */
const MAX_NAME = 80

/** Reads the parameters of `known` ({ name: parse }) from a query string. */
function readQuery (search, known) {
  const values = {}
  for (const [name, text] of new URLSearchParams(search)) {
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known)
      const meant = nearest(name.slice(0, MAX_NAME), names)
      throw new Problem(400, `Unknown parameter ${quote(name)}; ` +
        (names.length ? `${meant === undefined ? '' : `did you mean ${meant}? `}this path knows ${names.join(', ')}` : 'this path takes none'))
    }
    if (Object.hasOwn(values, name)) throw new Problem(400, `Parameter ${name} is there more than once`)
    values[name] = known[name](text, name)
  }
  return values
}

/** More than 0 and at most `max` seconds; decimals are allowed. */
function seconds (max) {
  return (text, name) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN
    if (!(value > 0 && value <= max)) {
      throw new Problem(400, `Parameter ${name} must be a number of seconds above 0 and up to ${max}; got ${quote(text)}`)
    }
    return value
  }
}

function flag (text, name) {
  if (!['0', '1', 'true', 'false', ''].includes(text)) {
    throw new Problem(400, `Parameter ${name} must be 1 or 0; got ${quote(text)}`)
  }
  return text !== '0' && text !== 'false'
}

/** 1, 0, or a mode of redaction. */
function redaction (text, name) {
  if (text === 'strict') return 'strict'
  try {
    return flag(text, name)
  } catch {
    throw new Problem(400, `Parameter ${name} must be 1, 0 or strict; got ${quote(text)}`)
  }
}

/** A check for integers from 1 to `max`. */
function integerUpTo (max, advice = '') {
  return (text, name) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : 0
    if (!(value >= 1 && value <= max)) throw new Problem(400, `Parameter ${name} must be an integer from 1 to ${max}${advice}; got ${quote(text)}`)
    return value
  }
}

/** Not longer than the operator allows. */
function milliseconds (max) {
  return integerUpTo(max, ', the limit of this handler')
}

/** An integer; its range is checked where the option is. */
function integer (text, name) {
  if (!/^\d{1,15}$/.test(text)) throw new Problem(400, `Parameter ${name} must be an integer; got ${quote(text)}`)
  return Number(text)
}

/** Quotes a text in an answer, cut to a readable length. */
function quote (text) {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}...` : text)
}

module.exports = { readQuery, seconds, milliseconds, flag, redaction, integer, integerUpTo }
