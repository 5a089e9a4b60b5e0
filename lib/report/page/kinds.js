/* eslint-env browser, commonjs */

'use strict'

// What the bars of a tree are coloured by.

const KINDS = {
  object: 'objects', list: 'arrays, maps, buffers', function: 'functions', string: 'strings', engine: 'V8’s and Node’s own', rest: 'smaller ones'
}

/** Of a node of the tree, or of several together: without a name they are of several classes. */
function kindOf ({ id, name }) {
  if (id === null && name === '') return 'rest'
  if (/\(\)( \([^()]*\))?$/.test(name) || name === '(anonymous function)' || name === 'Function') return 'function'
  if (/^\((\w+ )?string\)$/.test(name)) return 'string'
  if (/^(system|Node) \/ |^\(/.test(name)) return 'engine'
  if (/^(Array|Map|Set|Weak(Map|Set)|(Shared)?ArrayBuffer|DataView|Buffer|\w+\d+Array)$/.test(name)) return 'list'
  return 'object'
}

module.exports = { KINDS, kindOf }
