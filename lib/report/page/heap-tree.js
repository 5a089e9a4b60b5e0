/* eslint-env browser, commonjs */

'use strict'

// The dominator tree of the heap as a picture, and references into it.

const { tree, ofHeap } = require('./data')
const { byId, h } = require('../../page/shared/elements')
const { described } = require('../../page/shared/facts')
const { bytes, bytesText, number } = require('../../page/shared/figures')
const { icicle } = require('../../page/shared/icicle')
const { KINDS, kindOf } = require('./kinds')
const { laidOut } = require('./layout')
const { visible } = require('../../page/shared/names')
const { open } = require('../../page/shared/section')
const { svg } = require('./svg')

const nodes = laidOut(tree, ({ retained }) => retained)
const [root] = nodes
/** By V8's id. */
const drawn = new Map([...nodes].reverse().filter(({ data }) => data.id !== null).map((node) => [node.data.id, node]))

const words = {
  title (node) {
    if (node === root) return 'Heap'
    const { id, name, count } = node.data
    if (id === null) return `${number(count)} ${visible(name, 120) || 'smaller'}`
    return visible(name, 120) || '(no name)'
  },
  size: ({ data }) => bytesText(data.retained),
  kinds: () => KINDS,
  kind: ({ data }) => kindOf(data),
  described (node) {
    const { id, retained, shallow, count } = node.data
    return [
      words.title(node), node !== root && id !== null && `@${id}`, `${count === 1 ? 'retains' : 'retain'} ${bytesText(retained)}`, `${ofHeap(retained)} of the heap`,
      count === 1 && `shallow ${bytesText(shallow)}`
    ].filter(Boolean).join(', ')
  },
  facts (node) {
    const { id, name, retained, shallow, count } = node.data
    return described(words.title(node), name, node === root || id === null ? undefined : id, [
      ['retained', bytes(retained)], ['of the heap', ofHeap(retained)], ['shallow', bytes(shallow)], count !== 1 && ['objects', number(count)]
    ])
  }
}

const picture = icicle(byId('tree'), { root, words, surface: svg('Dominator tree', words) })

function heapTree () {
  open('tree')
  picture.start()
}

function isDrawn (id) {
  return drawn.has(id)
}

function showInTree (id) {
  picture.show(drawn.get(id))
}

/** V8's id; a button where the picture has the object. */
function reference (id) {
  if (!isDrawn(id)) return h('span', { class: 'id' }, `@${id}`)
  return h('button', { type: 'button', class: 'id', title: 'Show in the tree', onclick: () => showInTree(id) }, `@${id}`)
}

module.exports = { heapTree, isDrawn, showInTree, reference }
