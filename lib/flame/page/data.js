/* eslint-env browser, commonjs */

'use strict'

// What the page shows: the JSON that it contains, whose columns src/profile/write/flamegraph.rs made.

const { types, shown, profile, base, strings, origins, functions, tree, smaller } = JSON.parse(document.getElementById('data').textContent)
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

/** A function. There are many, of which few are looked at. */
class Callee {
  #at

  constructor (at) { this.#at = at }

  get name () { return strings[functions.name[this.#at]] }
  get inFile () { return strings[functions.inFile[this.#at]] }
  get package () { return strings[functions.package[this.#at]] }
  get origin () { return origins[functions.origin[this.#at]] }

  /** Where it begins: `file:line`, or the file alone, or nothing. */
  get place () {
    const [file, line] = [strings[functions.file[this.#at]], functions.line[this.#at]]
    return file !== '' && line > 0 ? `${file}:${line}` : file
  }

  /** What a search looks at. */
  get text () { return `${this.name} ${this.place}`.trimEnd() }
}

const named = functions.name.map((_, at) => new Callee(at))

module.exports = { types, shown, profile, base, baseName, functions: named, parents, callees, valuesOf, smaller }
