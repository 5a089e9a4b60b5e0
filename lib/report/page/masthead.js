/* eslint-env browser, commonjs */

'use strict'

// The top of the page: what the file is, and what the heap is made of.

const { generatedAt, summary, diff, total, ofHeap } = require('./data')
const { byId, h } = require('../../page/shared/elements')
const { bytes, bytesText, exactly, number, plural } = require('../../page/shared/figures')
const { baseName, visible } = require('../../page/shared/names')

function masthead () {
  const { file, totals, types, detached } = summary
  byId('generated').append('· ', h('time', { datetime: generatedAt }, generatedAt.slice(0, 16).replace('T', ' ') + ' UTC'))
  byId('facts').append([
    plural(file.nodes, 'object'), plural(file.edges, 'reference'), plural(file.strings, 'string'),
    plural(summary.classCount, 'constructor')
  ].join(' · '))
  if (detached) {
    byId('facts').append(` · ${plural(detached.count, 'detached DOM node')} retaining ${bytesText(detached.retained)}`)
  }

  const notes = byId('notes')
  if (file.incomplete !== undefined) {
    notes.append(h('p', { class: 'note', role: 'note' }, h('strong', {}, 'This snapshot is incomplete'),
      `: ${visible(file.incomplete, 1000)}. Everything here is about the part that could be read: paths and retained sizes may be wrong.`))
  }
  for (const snapshot of diff?.snapshots ?? []) {
    // The last one is the one above.
    if (snapshot.incomplete === undefined || snapshot === diff.snapshots.at(-1)) continue
    notes.append(h('p', { class: 'note', role: 'note' }, h('strong', {}, 'The snapshot compared with is incomplete'),
      `: ${visible(baseName(snapshot.path))}, ${visible(snapshot.incomplete, 1000)}. Growth may be overstated.`))
  }

  const parts = ['native', 'strings', 'code', 'arrays', 'system', 'other'].map((part) => [part, totals[part]])
  const bar = h('div', { class: 'stack', 'aria-hidden': 'true' }, parts.filter(([, size]) => size > 0).map(([part, size]) => {
    const segment = h('span', { class: part, title: `${part}: ${exactly(size)}, ${ofHeap(size)}` })
    segment.style.flexGrow = size
    return segment
  }))
  const explained = {
    native: totals.typedArrays > 0 && `typed arrays ${bytesText(totals.typedArrays)}`,
    other: 'objects, closures, …'
  }
  byId('totals').append(
    h('p', { class: 'total' }, h('span', { class: 'label' }, 'total'), ' ', h('strong', {}, bytes(total)),
      diff && h('a', { href: '#growth', class: 'delta', title: visible(diff.snapshots[0].path, 2000) }, bytesText(diff.sizeDelta, true), ' since ', visible(baseName(diff.snapshots[0].path)))),
    h('div', { class: 'parts' }, bar, h('dl', {}, parts.map(([part, size]) => h('div', {},
      h('dt', {}, h('span', { class: `swatch ${part}` }), part),
      h('dd', {}, bytes(size), ' ', h('span', { class: 'percent' }, ofHeap(size)),
        explained[part] && h('span', { class: 'aside' }, ' ', explained[part]))
    )))),
    h('details', { class: 'types' }, h('summary', {}, 'by V8’s types of nodes'), h('table', { 'aria-label': 'Types of nodes' },
      h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Type'), h('th', { scope: 'col', class: 'right' }, 'Count'),
        h('th', { scope: 'col', class: 'right' }, 'Shallow size'))),
      h('tbody', {}, types.map(({ type, count, shallow }) => h('tr', {},
        h('td', {}, visible(type)), h('td', { class: 'right' }, number(count)), h('td', { class: 'right' }, bytes(shallow))))))))
}

module.exports = { masthead }
