/* eslint-env browser, commonjs */

'use strict'

// The suspects, a card each.

const { chain } = require('./chains')
const { suspects, total, ofHeap } = require('./data')
const { h, share } = require('../../page/shared/elements')
const { bytes, bytesText, number, percent } = require('../../page/shared/figures')
const { isDrawn, showInTree } = require('./heap-tree')
const { name, visible } = require('../../page/shared/names')
const { open } = require('../../page/shared/section')

function suspectCards () {
  const section = open('suspects')
  if (suspects.suspects.length === 0) {
    section.append(h('p', { class: 'lead' },
      `Nothing retains as much as ${percent(suspects.threshold, suspects.total)} of the heap (${bytesText(suspects.threshold)}): no suspects.`))
    return
  }
  section.append(h('p', { class: 'lead' },
    `What retains ${percent(suspects.threshold, suspects.total)} of the heap (${bytesText(suspects.threshold)}) or more.`))
  suspects.suspects.forEach((suspect, index) => {
    const { accumulation: point, path } = suspect
    const heading = `suspect-${index}`
    section.append(h('article', { class: 'card', 'aria-labelledby': heading },
      share(h('div', { class: 'weight' },
        h('strong', {}, ofHeap(suspect.retained)), bytes(suspect.retained)), suspect.retained, total),
      h('h3', { id: heading }, visible(suspect.text, 1000)),
      h('div', { class: 'columns' },
        h('div', {},
          h('h4', {}, suspect.kind === 'class' ? 'Path from a root to the largest' : 'Path from a root'),
          chain(path)),
        h('div', {},
          h('h4', {}, 'It holds'),
          point.holds.length === 0
            ? h('p', { class: 'none' }, 'nothing but itself')
            : h('table', { class: 'holds', 'aria-label': 'It holds' }, h('tbody', {}, point.holds.map((held) => share(h('tr', {},
              h('td', { class: 'right' }, number(held.count)),
              h('th', { scope: 'row' }, name(held.name)),
              h('td', { class: 'right filled' }, bytes(held.retained))), held.retained, suspect.retained)))),
          isDrawn(point.id) && h('p', {}, h('button', { type: 'button', class: 'plain', onclick: () => showInTree(point.id) },
            'Show in the tree'))))
    ))
  })
}

module.exports = { suspectCards }
