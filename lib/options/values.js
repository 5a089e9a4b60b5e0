'use strict'

// Checks of single values: each answers the value to use, or throws an error that names the option.

const { types } = require('node:util')
const { invalidOption } = require('../errors')

function integer (value, name, min, max = Number.MAX_SAFE_INTEGER) {
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`
    throw invalidOption(name, `must be an integer ${range}`, value)
  }
  return value
}

/** A check for integers of this range. */
const integerFrom = (min, max) => (value, name) => integer(value, name, min, max)

function boolean (value, name) {
  if (typeof value !== 'boolean') throw invalidOption(name, 'must be true or false', value)
  return value
}

function oneOf (value, name, values) {
  if (!values.includes(value)) {
    throw invalidOption(name, `must be ${values.map((one) => `'${one}'`).join(' or ')}`, value)
  }
  return value
}

/** A check for one of these texts. */
const oneOfThese = (values) => (value, name) => oneOf(value, name, values)

function pathText (value, name) {
  if (!isPath(value)) throw invalidOption(name, 'must be a path: a string that is not empty', value)
  return value
}

function isPath (value) {
  return typeof value === 'string' && value !== '' && !value.includes('\0')
}

function callback (value, name) {
  if (typeof value !== 'function') throw invalidOption(name, 'must be a function', value)
  return value
}

/** It may come from another realm, such as a vm context, so its class says nothing. */
function abortSignal (value, name) {
  if (typeof value?.aborted !== 'boolean' || typeof value.addEventListener !== 'function' || typeof value.removeEventListener !== 'function') {
    throw invalidOption(name, 'must be an AbortSignal', value)
  }
  return value
}

/** A share of a whole. */
function share (value, name, or = '') {
  if (typeof value !== 'number' || !(value >= 0.01 && value <= 1)) throw invalidOption(name, `must be ${or}a number from 0.01 to 1`, value)
  return value
}

/** Where source maps are: folders, true for beside the scripts, or false. */
function mapsFrom (value, name) {
  if (typeof value === 'boolean') return value
  const dirs = typeof value === 'string' ? [value] : value
  const wrong = Array.isArray(value) ? value.findIndex((dir) => !isPath(dir)) : -1
  if (wrong !== -1) throw invalidOption(`${name}[${wrong}]`, 'must be a folder that has maps', value[wrong])
  if (!Array.isArray(dirs) || dirs.length === 0 || !dirs.every(isPath)) {
    throw invalidOption(name, 'must be true (maps beside the scripts, where they lie on this machine), or a folder that has maps, or an array of such', value)
  }
  return [...dirs]
}

/** The same as folders; an empty list stands for those of the scripts, and undefined for none. */
function sourceMaps (value, name) {
  const from = mapsFrom(value, name)
  if (from === true) return []
  return from || undefined
}

const RUST_FLAGS = ['i', 'm', 's']

/** A regular expression as text: the source of a RegExp, because the core has an engine of its own, whose time is linear. */
function pattern (value, name, problem = 'must be a regular expression, as RegExp or string') {
  if (types.isRegExp(value)) {
    const flags = RUST_FLAGS.filter((flag) => value.flags.includes(flag)).join('')
    return flags === '' ? value.source : `(?${flags})${value.source}`
  }
  if (typeof value !== 'string' || value === '') throw invalidOption(name, problem, value)
  return value
}

function patterns (value, name) {
  if (!Array.isArray(value)) throw invalidOption(name, 'must be an array of regular expressions', value)
  return value.map((one) => pattern(one, name, 'must have regular expressions, as RegExp or string'))
}

function text (value, name) {
  if (typeof value !== 'string' || value === '') throw invalidOption(name, 'must be a string that is not empty', value)
  return value
}

module.exports = { integer, integerFrom, boolean, oneOf, oneOfThese, pathText, callback, abortSignal, share, mapsFrom, sourceMaps, pattern, patterns, text }
