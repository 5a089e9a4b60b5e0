'use strict'

// How options are read: own properties only, each of them once, by a schema that names all that a call knows. A name that it does not
// know is refused, so that a misspelt `maxFiles` does not become no limit at all.

const { HeapkitError, codes, invalidOption } = require('../errors')
const { nearest } = require('./nearest')

/**
 * What the properties of `given` say: for each name in `schema` there is a function (value, name) that answers what to use, or throws. A
 * property that is undefined counts as left away. `name` is that of the whole in errors, `inside` begins the names of its properties.
 */
function read (given, schema, { name = 'options', inside = '' } = {}) {
  if (given === undefined) return {}
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw invalidOption(name, 'must be an object', given)
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

/** What others' code throws while it is asked (getters, proxies) is an error about that option. */
function guarded (name, ask) {
  try {
    return ask()
  } catch (cause) {
    if (cause instanceof HeapkitError) throw cause
    throw new HeapkitError(codes.INVALID_OPTION, `Option \`${name}\` cannot be read: ${cause?.message ?? cause}`, { option: name, cause })
  }
}

function unknown (key, whole, names) {
  const meant = nearest(key, names)
  return invalidOption(whole, `is not known here; ${meant === undefined ? `there are ${names.join(', ')}` : `did you mean \`${meant}\`?`}`)
}

/** Those of the values that a schema names. */
function pick (values, schema) {
  return bare(Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(schema, name))))
}

/** One object with the properties of all, which inherits nothing: what is not there is undefined, whatever somebody gave to all objects. */
function bare (...layers) {
  return Object.assign(Object.create(null), ...layers)
}

module.exports = { read, pick, bare }
