'use strict'

// How options are read: own properties only, each of them once, by a schema with all names that a call knows. Any other name is
// refused: a misspelt `maxFiles` would otherwise mean no limit at all.

const { isHeapkitError, invalidOption, brokenOption } = require('../errors')
const { nearest } = require('./nearest')

/**
 * The values of `given`. `schema` has a function (value, name) for each name, which returns the value to use, or throws. A property that
 * is undefined counts as left out. In errors the whole is called `name`, and the names of its properties begin with `inside`.
 */
function read (given, schema, { name = 'options', inside = '' } = {}) {
  if (given === undefined) return {}
  if (typeof given !== 'object' || given === null || guarded(name, () => Array.isArray(given))) throw invalidOption(name, 'must be an object', given)
  const values = bare()
  for (const key of guarded(name, () => Object.keys(given))) {
    const whole = inside + key
    const value = guarded(whole, () => given[key])
    if (value === undefined) continue
    if (!Object.hasOwn(schema, key)) throw unknown(key, whole, Object.keys(schema))
    values[key] = guarded(whole, () => schema[key](value, whole))
  }
  return values
}

/** Getters and proxies are other people's code: what they throw becomes an error about that option. */
function guarded (name, ask) {
  try {
    return ask()
  } catch (cause) {
    throw isHeapkitError(cause) ? cause : brokenOption(name, 'cannot be read', cause)
  }
}

function unknown (key, whole, names) {
  const meant = nearest(key, names)
  return invalidOption(whole, `is not known here; ${meant === undefined ? `there are ${names.join(', ')}` : `did you mean \`${meant}\`?`}`)
}

/** Only the values that a schema names. */
function pick (values, schema) {
  return bare(Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(schema, name))))
}

/** One object with the properties of all layers. It inherits nothing, so that a missing one is undefined even where Object.prototype was changed. */
function bare (...layers) {
  return Object.assign(Object.create(null), ...layers)
}

module.exports = { read, guarded, pick, bare }
