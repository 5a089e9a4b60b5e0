/* eslint-env browser, commonjs */

'use strict'

// What is said of a bar: below the picture, beside the pointer, and to who cannot see it.

const { base, baseName } = require('./data')
const { amount, exactly } = require('./amounts')
const { origins } = require('./groups')
const { h } = require('../../page/shared/elements')
const { described } = require('../../page/shared/facts')
const { percent } = require('../../page/shared/figures')
const { visible } = require('../../page/shared/names')

const ALL = 'All'
const KINDS = { grew: 'grew', same: 'the same', shrank: 'shrank' }

/** Of a whole that was and is so much, how much of what is there now grew: from −1 (of what was there nothing is left) to 1 (all of it is new). */
function growth (size, before) {
  const most = Math.max(Math.abs(size), Math.abs(before))
  return most === 0 ? 0 : Math.max(-1, Math.min(1, (size - before) / most))
}

/** `total()` is what shares are of; `type()` what is added up; `flat` says that bars have something of their own. */
function wordsOf ({ total, type, flat = true, rootTitle = () => ALL }) {
  const about = (node) => node.tree.groups.list[node.group]
  const title = (node) => node.group < 0 ? rootTitle() : visible(about(node).name, 200)
  const is = (value, sign) => amount(value, type().unit, sign)
  const share = (value) => percent(value, total())

  /** [what, value, its share] each. */
  function figures (node) {
    const own = flat && node.group >= 0
    return [
      ['cumulative', node.size, share(node.size)],
      own && ['flat', node.own, share(node.own)],
      base && ['before', node.baseSize],
      base && ['grew by', node.size - node.baseSize, '', true],
      base && own && ['flat grew by', node.own - node.baseOwn, '', true]
    ].filter(Boolean)
  }

  const places = (node) => {
    if (node.group < 0) return []
    const { name, place, package: owner } = about(node)
    return [place && ['place', visible(place, 1000)], owner && owner !== name && ['of', visible(owner, 200)]].filter(Boolean)
  }

  const words = {
    title,
    size: (node) => base && node.size !== node.baseSize ? `${is(node.size)} ${is(node.size - node.baseSize, true)}` : is(node.size),
    growth: (node) => growth(node.size, node.baseSize),
    colour: (node, colours) => base ? colours.grown(words.growth(node)) : node.group < 0 ? colours.of('all', '') : colours.of(about(node).origin, about(node).name),
    kinds: () => base ? KINDS : origins,
    kind (node) {
      if (!base) return node.group < 0 ? 'all' : about(node).origin
      return node.size > node.baseSize ? 'grew' : node.size < node.baseSize ? 'shrank' : 'same'
    },
    described: (node) => [
      title(node), ...figures(node).map(([what, value, part, sign]) => `${what} ${is(value, sign)}${part ? `, ${part}` : ''}`),
      ...places(node).map((pair) => pair.join(' '))
    ].join(', '),
    facts: (node) => described(title(node), node.group < 0 ? '' : about(node).name, undefined, [
      ...figures(node).map(([what, value, part, sign]) => [what, h('span', { title: exactly(value, type().unit, sign) }, is(value, sign)), part && ` ${part}`]),
      ...places(node)
    ]),
    /** As rows of a table, with every digit. */
    tip: (node) => [
      h('p', { class: 'name strong' }, title(node)),
      h('table', {}, h('tbody', {}, figures(node).map(([what, value, part, sign]) => h('tr', {},
        h('th', { scope: 'row' }, what), h('td', { class: 'right' }, is(value, sign)), h('td', { class: 'right' }, part), h('td', { class: 'right exact' }, exactly(value, type().unit, sign)))))),
      ...places(node).map(([what, value]) => h('p', { class: 'where' }, what === 'of' && h('span', { class: `swatch ${about(node).origin}` }), value)),
      base && h('p', { class: 'where' }, `before: ${visible(baseName, 200)}`)
    ].filter(Boolean)
  }
  return words
}

module.exports = { growth, wordsOf }
