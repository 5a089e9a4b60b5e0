/* eslint-env browser, commonjs */

'use strict'

// What grew since the earlier snapshots: by who holds it, and by constructor.

const { chain, parsedStep } = require('./chains')
const { diff } = require('./data')
const { h, share } = require('../../page/shared/elements')
const { bytes, bytesText, exactly, number, quietIfZero, signed } = require('../../page/shared/figures')
const { baseName, name, visible } = require('../../page/shared/names')
const { open } = require('../../page/shared/section')
const { table } = require('../../page/shared/table')

/** How many lines are shown at first. */
const GROWTHS = 8

function growth () {
  if (!diff) return
  const section = open('growth')
  const { snapshots, ids } = diff
  const several = snapshots.length > 2
  section.append(h('p', { class: 'lead' }, snapshots.map((snapshot, at) => [
    at > 0 && ' → ',
    h('span', { class: 'snapshot', title: visible(snapshot.path, 2000) }, h('span', { class: 'name' }, visible(baseName(snapshot.path))), ' ',
      h('span', { title: exactly(snapshot.total) }, bytesText(snapshot.total)))
  ]).flat(), ': ', h('strong', { title: exactly(diff.sizeDelta, true) }, bytesText(diff.sizeDelta, true)), '.'))

  section.append(h('h3', {}, 'By path'))
  if (diff.paths.length === 0) section.append(h('p', { class: 'none' }, 'Nothing grew.'))
  const most = Math.max(...diff.paths.map(({ sizeDelta }) => sizeDelta))
  const item = (grown) => h('li', {},
    share(h('span', { class: 'by-size' }, bytes(grown.sizeDelta, true)), grown.sizeDelta, most),
    h('div', { class: 'what' },
      h('p', { class: 'headline' },
        grown.countDelta <= 0
          ? [grown.countDelta < 0 ? 'fewer, but larger: ' : 'larger: ', name(grown.name, 'name strong')]
          : [h('span', { class: 'number strong' }, signed(grown.countDelta)), ' ', name(grown.name, 'name strong')],
        grown.heldBy && [' held by ', name(grown.heldBy)],
        several && grown.grewEveryTime && h('span', { class: 'tag' }, 'every time')),
      h('details', {},
        h('summary', {}, h('span', { class: 'steps' }, `${grown.counts.map(number).join(' → ')} ${grown.counts.at(-1) === 1 ? 'object' : 'objects'}`), ' · ',
          h('span', { class: 'steps', title: grown.sizes.map((size) => exactly(size)).join(' → ') }, grown.sizes.map((size) => bytesText(size)).join(' → '))),
        chain(grown.path.map(parsedStep)))))
  const list = h('ol', { class: 'growths' }, diff.paths.slice(0, GROWTHS).map(item))
  section.append(list)
  if (diff.paths.length > GROWTHS) {
    const more = h('button', {
      type: 'button',
      class: 'plain more',
      onclick: () => {
        const rest = diff.paths.slice(GROWTHS).map(item)
        list.append(...rest)
        more.remove()
        rest[0].querySelector('summary').focus()
      }
    }, `Show all ${number(diff.paths.length)}`)
    section.append(more)
  }
  if (diff.pathCount > diff.paths.length) {
    section.append(h('p', { class: 'aside' }, `The ${number(diff.paths.length)} that grew most, of ${number(diff.pathCount)} lines that grew.`))
  }

  section.append(h('h3', {}, 'By constructor'))
  section.append(h('p', { class: 'lead' }, ids.correspond
    ? 'Ids of objects correspond between the snapshots, so what is new and what is gone is exact.'
    : 'Ids of objects do not correspond between these snapshots, so new and gone objects cannot be told apart from those that stayed.'))
  const widest = (key) => Math.max(...diff.constructors.map((row) => row[key]))
  const delta = (key) => {
    const most = widest(key)
    return (row) => share(quietIfZero(row[key], bytes(row[key], true)), row[key], most)
  }
  const columns = [
    { title: 'Constructor', text: true, value: (row) => row.name, cell: (row) => [name(row.name), several && row.grewEveryTime && h('span', { class: 'tag' }, 'every time')] },
    { title: several ? 'Counts' : 'Count', width: several ? 14 : 11, value: (row) => row.counts.at(-1), cell: (row) => h('span', { class: 'number steps' }, row.counts.map(number).join(' → ')) },
    ids.correspond && { title: 'New', width: 6, value: (row) => row.added, cell: (row) => quietIfZero(row.added, number(row.added)) },
    ids.correspond && { title: 'Gone', width: 6, value: (row) => row.removed, cell: (row) => quietIfZero(row.removed, number(row.removed)) },
    { title: 'Count Δ', width: 6, wide: true, value: (row) => row.countDelta, cell: (row) => quietIfZero(row.countDelta, signed(row.countDelta)) },
    { title: 'Shallow Δ', width: 7, value: (row) => row.shallowDelta, cell: delta('shallowDelta') },
    { title: 'Retained Δ', width: 7, filled: true, value: (row) => row.retainedDelta, cell: delta('retainedDelta') }
  ].filter(Boolean)
  section.append(...table({
    id: 'growth-constructors',
    noun: 'constructor',
    label: 'Growth by constructor',
    rows: diff.constructors,
    of: diff.constructorCount,
    columns,
    text: (row) => row.name
  }))
}

module.exports = { growth }
