/* eslint-env browser, commonjs */

'use strict'

// What the page of a flame graph does; the modules beside this one, and those that pages share, become one script.

const { canvas } = require('./canvas')
const { controls } = require('./controls')
const { base, types } = require('./data')
const { functionTable } = require('./functions')
const { groupsOf } = require('./groups')
const { masthead, notes } = require('./masthead')
const { rootOf } = require('./nodes')
const { sandwich } = require('./sandwich')
const { search } = require('./search')
const { allOf, matchedOf } = require('./trees')
const { wordsOf } = require('./words')
const { byId, h } = require('../../page/shared/elements')
const { percent, plural } = require('../../page/shared/figures')
const { icicle } = require('../../page/shared/icicle')
const { ROW } = require('../../page/shared/bars')
const { amount } = require('./amounts')

const { chosen, say } = controls({ data: changed, search: searched, turn: () => picture.change({ upward: chosen.upward }), reset: () => picture.reset() })
let groups = groupsOf(chosen.by)
let tree = allOf(groups, chosen.type)
let found

const state = {
  tree: () => tree,
  type: () => types[chosen.type],
  total: () => tree.size[0],
  isFound: () => found && ((node) => found[node.group] === 1),
  more: (node) => node.group >= 0 && h('button', { type: 'button', class: 'plain fact', onclick: () => between.show(node.group) }, 'Callers and callees')
}
const words = wordsOf(state)
const surface = canvas('Flame graph', words, state)
const picture = icicle(byId('graph'), {
  root: rootOf(tree), words, surface, upward: chosen.upward, mostRows: () => Math.floor(innerHeight * 0.6 / ROW), more: state.more
})
const between = sandwich(state)

/** Other values, or other bars. */
function changed () {
  groups = groupsOf(chosen.by)
  tree = allOf(groups, chosen.type)
  between.show()
  searched()
  picture.change({ root: rootOf(tree) })
  about()
}

function about () {
  masthead(state.type(), state.total(), tree.baseSize[0])
  functionTable(tree, state.type(), state.total(), (group) => between.show(group))
}

function searched () {
  const { matches, problem } = search(groups, chosen.text)
  found = matches
  if (problem) say(problem, true)
  else if (!matches) say('')
  else {
    const sum = matchedOf(tree, matches)
    const count = matches.reduce((all, one) => all + one, 0)
    say(`${percent(sum, state.total())} match: ${amount(sum, state.type().unit)}, ${plural(count, groups.by)}`)
  }
  surface.soon()
  between.refresh()
}

document.documentElement.classList.toggle('differential', Boolean(base))
notes()
about()
picture.start()
document.documentElement.dataset.ready = ''
