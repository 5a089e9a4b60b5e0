'use strict'

// Query parameters: each route names those that it knows; everything else is refused rather than ignored, so that a
// misspelt `seconds` does not become a capture of the default length.

const { Problem } = require('./response')

/** Reads the parameters of `known` ({ name: parse }) from a query string. */
function readQuery (search, known) {
  const values = {}
  for (const [name, text] of new URLSearchParams(search)) {
    if (!Object.hasOwn(known, name)) {
      const names = Object.keys(known)
      throw new Problem(400, `Unknown parameter ${JSON.stringify(name)}; ` +
        (names.length ? `this path knows ${names.join(', ')}` : 'this path takes none'))
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
      throw new Problem(400, `Parameter ${name} must be a number of seconds above 0 and up to ${max}; got ${JSON.stringify(text)}`)
    }
    return value
  }
}

function flag (text, name) {
  if (!['0', '1', 'true', 'false', ''].includes(text)) {
    throw new Problem(400, `Parameter ${name} must be 1 or 0; got ${JSON.stringify(text)}`)
  }
  return text !== '0' && text !== 'false'
}

/** An integer; its range is checked where the option is. */
function integer (text, name) {
  if (!/^\d{1,15}$/.test(text)) throw new Problem(400, `Parameter ${name} must be an integer; got ${JSON.stringify(text)}`)
  return Number(text)
}

module.exports = { readQuery, seconds, flag, integer }
