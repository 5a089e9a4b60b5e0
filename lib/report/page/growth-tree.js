/* eslint-env browser, commonjs */

'use strict'

// What grew since the first snapshot as a picture: the dominator trees of both, laid on each other.

const { diff } = require('./data')
const { byId } = require('../../page/shared/elements')
const { described } = require('../../page/shared/facts')
const { bytes, bytesText, number, percent, signed } = require('../../page/shared/figures')
const { icicle } = require('../../page/shared/icicle')
const { KINDS, kindOf } = require('./kinds')
const { laidOut } = require('./layout')
const { visible } = require('../../page/shared/names')
const { open } = require('../../page/shared/section')
const { svg } = require('./svg')

const grown = ({ retained: [before, after] }) => after - before

function growthTree () {
  if (!diff?.tree || grown(diff.tree) <= 0) return
  const [root] = laidOut(diff.tree, grown)
  const words = {
    title (node) {
      if (node === root) return 'Growth'
      const { name, by, counts: [before, after] } = node.data
      if (name === '') return 'smaller'
      const more = after > before && after > 1 ? `${signed(after - before)} ` : ''
      return `${more}${visible(`${by} ${name}`.trim(), 120)}`
    },
    size: ({ data }) => bytesText(grown(data), true),
    kinds: () => KINDS,
    kind: ({ data: { name } }) => kindOf({ id: null, name }),
    described: (node) => `${words.title(node)}, ${bytesText(grown(node.data), true)}, ${percent(grown(node.data), grown(diff.tree))} of the growth`,
    facts (node) {
      const { name, counts, retained } = node.data
      return described(words.title(node), name, undefined, [
        ['grew by', bytes(grown(node.data), true)], ['of the growth', percent(grown(node.data), grown(diff.tree))],
        ['retained', retained.map((size) => bytesText(size)).join(' → ')], node !== root && ['objects', counts.map(number).join(' → ')]
      ])
    }
  }
  open('growth-tree')
  icicle(byId('growth-tree'), { root, words, surface: svg('What grew', words) }).start()
}

module.exports = { growthTree }
