/* eslint-env browser, commonjs */

'use strict'

// One function between all its callers and all its callees, wherever it was called.

const { canvas } = require('./canvas')
const { rootOf } = require('./nodes')
const { calleesOf, callersOf } = require('./trees')
const { wordsOf } = require('./words')
const { byId, h } = require('../../page/shared/elements')
const { icicle } = require('../../page/shared/icicle')
const { visible } = require('../../page/shared/names')

const ROWS = 12

/** `state` has the `tree` that is shown and what is looked for. Answers { show(group), refresh() }. */
function sandwich (state) {
  const section = byId('sandwich')
  const parts = [
    { id: 'callers', title: 'Callers', of: callersOf, upward: true, flat: false },
    { id: 'callees', title: 'Callees', of: calleesOf, upward: false, flat: true }
  ]
  let group

  function draw () {
    byId('sandwich-heading').textContent = visible(state.tree().groups.list[group].name, 200)
    for (const part of parts) {
      const root = rootOf(part.of(state.tree(), group))
      if (part.picture) {
        part.picture.change({ root })
        continue
      }
      const words = wordsOf({ ...state, flat: part.flat })
      part.surface = canvas(part.title, words, { isFound: state.isFound })
      byId(part.id).append(h('h3', {}, part.title))
      part.picture = icicle(byId(part.id), { root, words, surface: part.surface, upward: part.upward, mostRows: () => ROWS, hint: false, more: (node) => node.group !== group && state.more(node) })
      part.picture.start()
    }
  }

  return {
    /** Undefined hides it. */
    show (chosen) {
      group = chosen
      section.hidden = group === undefined
      if (section.hidden) return
      draw()
      section.scrollIntoView()
      // What asked for it may be far away now.
      byId('sandwich-heading').focus({ preventScroll: true })
    },
    refresh: () => { for (const { surface } of parts) surface?.soon() }
  }
}

module.exports = { sandwich }
