/* eslint-env browser, commonjs */

'use strict'

// All functions, files or packages as a table.

const { amount, exactly } = require('./amounts')
const { base } = require('./data')
const { BY } = require('./groups')
const { totalsOf } = require('./trees')
const { byId, h, share } = require('../../page/shared/elements')
const { percent, quietIfZero } = require('../../page/shared/figures')
const { name, visible } = require('../../page/shared/names')
const { table } = require('../../page/shared/table')

/** `choose(group)` is called for the one that is wanted between its callers and callees. */
function functionTable (tree, type, total, choose) {
  const title = BY[tree.groups.by]
  byId('functions-heading').textContent = `${title}s`
  const delta = (row) => row.flat - row.baseFlat
  // What grew is asked first, where that is known.
  const rows = totalsOf(tree).sort((a, b) => (base ? delta(b) - delta(a) : 0) || b.flat - a.flat || b.cumulative - a.cumulative)
  byId('rows').replaceChildren(...table({
    id: 'totals',
    noun: title.toLowerCase(),
    label: `${title}s`,
    rows,
    sorted: base ? 3 : 1,
    text: ({ about }) => about.text,
    columns: [
      { title, text: true, value: ({ about }) => about.name, cell: (row) => named(row, choose) },
      sized('Flat', (row) => row.flat, true),
      sized('Cumulative', (row) => row.cumulative, true),
      base && grown('Flat Δ', delta),
      base && grown('Cumulative Δ', (row) => row.cumulative - row.baseCumulative)
    ].filter(Boolean)
  }))

  function sized (title, value, filled) {
    const cell = (row) => share(h('span', { class: 'sized' }, is(value(row)), ' ', h('span', { class: 'percent' }, percent(value(row), total))), value(row), total)
    return { title, width: 12, filled, value, cell }
  }

  function grown (title, value) {
    return { title, width: 9, value, cell: (row) => quietIfZero(value(row), h('span', { class: value(row) > 0 ? 'grew' : value(row) < 0 && 'shrank' }, is(value(row), true))) }
  }

  function is (value, sign) {
    return h('span', { class: 'bytes', title: exactly(value, type.unit, sign) }, amount(value, type.unit, sign))
  }
}

function named ({ about, group }, choose) {
  return h('button', { type: 'button', class: 'chooser', title: `Callers and callees of ${visible(about.text, 2000)}`, onclick: () => choose(group) },
    h('span', { class: `swatch ${about.origin}` }), name(about.name), about.place && h('span', { class: 'at' }, ` ${visible(about.place)}`))
}

module.exports = { functionTable }
