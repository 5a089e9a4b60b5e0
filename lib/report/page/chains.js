/* eslint-env browser, commonjs */

'use strict'

// How an object is reached, step by step.

const { h } = require('./elements')
const { reference } = require('./heap-tree')
const { name, visible } = require('./names')

/** How an object is reached, as a list of `{ by, name, id }`. */
function chain (steps) {
  return h('ol', { class: 'chain' }, steps.map((step, at) => h('li', { class: at === steps.length - 1 && 'end' },
    h('span', { class: 'by' }, visible(step.by)),
    h('span', { class: 'to' }, name(step.name), step.id !== undefined && [' ', reference(step.id)])
  )))
}

/** `.cache Object`, `["a b"] Module`: the core joins the two with a space. */
function parsedStep (text) {
  const parts = /^(\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\]|\{[^}]*\}|[.→]\S+) (.*)$/s.exec(text)
  return parts ? { by: parts[1], name: parts[2] } : { by: '', name: text }
}

module.exports = { chain, parsedStep }
