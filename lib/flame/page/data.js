/* eslint-env browser, commonjs */

'use strict'

// What the page shows: the JSON that it contains, whose columns src/profile/write/flamegraph.rs made.

const { types, shown, profile, base, strings, functions, tree, smaller } = JSON.parse(document.getElementById('data').textContent)
const baseName = document.getElementById('facts').dataset.base

/** The bytes of a column as numbers: seven bits in each, the lowest first, and the eighth says that more follow. `each(low, high)` gets the first seven bits, and what the rest comes to. */
function decoded (text, each) {
  const bytes = atob(text)
  for (let at = 0; at < bytes.length; at++) {
    let byte = bytes.charCodeAt(at)
    const low = byte & 0x7f
    let [high, scale] = [0, 1]
    while (byte > 0x7f) {
      byte = bytes.charCodeAt(++at)
      high += (byte & 0x7f) * scale
      scale *= 128
    }
    each(low, high)
  }
}

function unsigned (text) {
  const numbers = []
  decoded(text, (low, high) => numbers.push(low + high * 128))
  return numbers
}

/** The lowest bit is the sign. The root has nothing of its own. */
function signed (text) {
  const numbers = [0]
  decoded(text, (low, high) => numbers.push((low & 1 ? -1 : 1) * ((low >> 1) + high * 64)))
  return numbers
}

/** The caller of each node, which is before it; the root is the first, and calls itself. */
function callers (ups) {
  const [parents, way] = [[0], [0]]
  for (const up of ups) {
    way.length -= up
    parents.push(way.at(-1))
    way.push(parents.length - 1)
  }
  return parents
}

const parents = callers(unsigned(tree.up))
/** Of each node the place of its function; the root has none. */
const callees = [-1, ...unsigned(tree.function)]

/** What is each node's own, of a type, and what was in the earlier profile. */
function valuesOf (type) {
  return { own: signed(tree.own[type]), base: base ? signed(tree.base[type]) : undefined }
}

/** { name, file, line, inFile, package, origin } each. */
const named = functions.name.map((_, at) => ({
  name: strings[functions.name[at]],
  file: strings[functions.file[at]],
  line: functions.line[at],
  inFile: strings[functions.inFile[at]],
  package: strings[functions.package[at]],
  origin: functions.origin[at]
}))

module.exports = { types, shown, profile, base, baseName, functions: named, parents, callees, valuesOf, smaller }
