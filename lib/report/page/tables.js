/* eslint-env browser, commonjs */

'use strict'

// The tables: constructors, largest objects, duplicated strings.

const { chain } = require('./chains')
const { summary, total, ofHeap } = require('./data')
const { h, share } = require('../../page/shared/elements')
const { bytes, bytesText, exactly, number, plural } = require('../../page/shared/figures')
const { reference } = require('./heap-tree')
const { name, quoted, visible } = require('../../page/shared/names')
const { open } = require('../../page/shared/section')
const { table } = require('../../page/shared/table')

function sizeColumn (title, key, width, filled) {
  return {
    title,
    width,
    filled,
    value: (row) => row[key],
    cell: (row) => share(h('span', { class: 'sized' }, bytes(row[key]), ' ', h('span', { class: 'percent' }, ofHeap(row[key]))), row[key], total)
  }
}

const distance = { title: 'Distance', width: 6, value: (row) => row.distance, cell: (row) => row.distance ?? '–' }

function constructors () {
  open('constructors').append(...table({
    id: 'classes',
    noun: 'constructor',
    label: 'Constructors',
    rows: summary.classes,
    of: summary.classCount,
    sorted: 4,
    text: (row) => `${row.name} ${row.location ?? ''}`,
    columns: [
      {
        title: 'Constructor',
        text: true,
        value: (row) => row.name,
        cell: (row) => [name(row.name), row.location && h('span', { class: 'at', title: 'script:line:column' }, ` ${visible(row.location)}`)]
      },
      distance,
      { title: 'Count', width: 7, value: (row) => row.count, cell: (row) => number(row.count) },
      sizeColumn('Shallow size', 'shallow', 11),
      sizeColumn('Retained size', 'retained', 11, true)
    ]
  }))
}

function largest () {
  if (summary.largest.length === 0) return
  const held = ({ path }) => path.length > 1 ? `${path.at(-2).name}${path.at(-1).by}` : ''
  open('largest').append(...table({
    id: 'objects',
    noun: 'object',
    label: 'Largest objects',
    rows: summary.largest,
    sorted: 4,
    text: (row) => `${row.name} @${row.id} ${held(row)}`,
    detail: (row) => chain(row.path),
    columns: [
      { title: 'Object', text: true, value: (row) => row.name, cell: (row) => h('span', { class: 'labelled' }, name(row.name), ' ', reference(row.id)) },
      {
        title: 'Held by',
        text: true,
        value: held,
        cell: (row, reveal) => row.path.length > 1
          ? h('button', {
            type: 'button',
            class: 'reveal',
            'aria-expanded': 'false',
            title: visible(held(row), 2000),
            onclick: ({ currentTarget }) => reveal(currentTarget, row)
          }, name(held(row)))
          : h('span', { class: 'none' }, 'a root')
      },
      distance,
      { title: 'Shallow size', width: 8, value: (row) => row.shallow, cell: (row) => bytes(row.shallow) },
      sizeColumn('Retained size', 'retained', 11, true)
    ]
  }))
}

function strings () {
  const { wasted, duplicated, top } = summary.strings
  const section = open('strings')
  section.append(h('p', { class: 'lead' }, duplicated === 0
    ? 'No two strings have the same content.'
    : [`${plural(duplicated, 'content')} ${duplicated === 1 ? 'is' : 'are'} there more than once; each of them once would save `,
        h('strong', { title: exactly(wasted) }, bytesText(wasted)), `, ${ofHeap(wasted)} of the heap.`]))
  if (top.length === 0) return
  section.append(...table({
    id: 'duplicates',
    noun: 'string',
    label: 'Duplicated strings',
    rows: top,
    of: duplicated,
    sorted: 2,
    text: (row) => row.text,
    columns: [
      { title: 'Content', text: true, value: (row) => row.text, cell: (row) => h('span', { class: 'name', title: quoted(row.text) }, quoted(row.text)) },
      { title: 'Count', width: 7, value: (row) => row.count, cell: (row) => number(row.count) },
      { ...sizeColumn('Wasted', 'wasted', 11, true), cell: (row) => share(bytes(row.wasted), row.wasted, wasted) }
    ]
  }))
}

module.exports = { constructors, largest, strings }
