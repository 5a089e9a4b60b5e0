/* eslint-env browser, commonjs */

'use strict'

// What is said below a tree of the node that one is at.

const { h } = require('./elements')
const { visible } = require('./names')

/** What it is called, and `facts`: [title, value] each, those that are falsy left out. */
function described (title, whole, id, facts) {
  return [
    h('span', { class: 'name strong', title: visible(whole, 2000) }, title), ' ',
    id === undefined ? '' : h('span', { class: 'id' }, `@${id}`),
    ...facts.filter(Boolean).map(([title, ...value]) => h('span', { class: 'fact' }, h('span', {}, title), ' ', ...value))
  ]
}

module.exports = { described }
