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

const keys = {
  function: (_, at) => at,
  file: ({ inFile }) => inFile,
  package: ({ package: name }) => name
}

/** { by, list, of }: of each group { name, place, origin, text (what a search looks at) }, and of each function the place of its group. */
function groupsOf (by) {
  const [list, places] = [[], new Map()]
  const of = functions.map((one, at) => {
    const key = keys[by](one, at)
    if (!places.has(key)) {
      places.set(key, list.length)
      list.push(group(one, by))
    }
    return places.get(key)
  })
  return { by, list, of }
}

function group ({ name, file, line, inFile, package: owner, origin }, by) {
  if (by === 'file') return { name: inFile, place: '', package: owner, origin, text: inFile }
  if (by === 'package') return { name: owner, place: '', origin, text: owner }
  const place = file === '' ? '' : line > 0 ? `${file}:${line}` : file
  return { name, place, package: owner, origin, text: place === '' ? name : `${name} ${place}` }
}

module.exports = { BY, origins, groupsOf }
