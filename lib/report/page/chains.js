/* eslint-env browser, commonjs */

'use strict'

// How an object is reached, step by step.

const { h } = require('../../page/shared/elements')
const { number } = require('../../page/shared/figures')
const { reference } = require('./heap-tree')
const { name, visible } = require('../../page/shared/names')

/** How an object is reached, as a list of `{ by, name, id, count }`; with a count, so many more steps like that. */
function chain (steps) {
  return h('ol', { class: 'chain' }, steps.map((step, at) => h('li', { class: at === steps.length - 1 && 'end' },
    h('span', { class: 'by' }, step.count === undefined ? visible(step.by) : `… ${number(step.count)} more ${visible(step.by)}`.trimEnd()),
    h('span', { class: 'to' }, step.count === undefined || step.name ? name(step.name) : '…', step.count === undefined && step.id !== undefined && [' ', reference(step.id)])
  )))
}

/** `.cache Object`, `["a b"] Module`: the core joins the two with a space. */
function parsedStep (text) {
  const parts = /^(\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\]|\{[^}]*\}|[.→]\S+) (.*)$/s.exec(text)
  return parts ? { by: parts[1], name: parts[2] } : { by: '', name: text }
}

module.exports = { chain, parsedStep }
