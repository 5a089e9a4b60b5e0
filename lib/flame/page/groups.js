/* eslint-env browser, commonjs */

'use strict'

// What bars stand for: functions, or all functions of a file or of a package.

const { functions } = require('./data')

const BY = { function: 'Function', file: 'File', package: 'Package' }

const ORIGINS = {
  own: 'own code', dependency: 'dependencies', node: 'Node.js', engine: 'V8 and native code', idle: 'idle', smaller: 'smaller ones'
}
const present = new Set(functions.map(({ origin }) => origin))
/** What is in this profile of them. */
const origins = Object.fromEntries(Object.entries(ORIGINS).filter(([origin]) => present.has(origin)))

const NAMES = { file: ({ inFile }) => inFile, package: ({ package: owner }) => owner }

/** { by, list, of }: of each group { name, place, package, origin, text (what a search looks at) }, and of each function the place of its group. */
function groupsOf (by) {
  if (by === 'function') return { by, list: functions, of: functions.map((_, at) => at) }
  const [list, places] = [[], new Map()]
  const of = functions.map((one) => {
    const name = NAMES[by](one)
    if (!places.has(name)) {
      places.set(name, list.length)
      list.push({ name, place: '', package: by === 'file' ? one.package : undefined, origin: one.origin, text: name })
    }
    return places.get(name)
  })
  return { by, list, of }
}

module.exports = { BY, origins, groupsOf }
