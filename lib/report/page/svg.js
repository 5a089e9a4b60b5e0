/* eslint-env browser, commonjs */

'use strict'

// The picture of a tree as elements: each bar is one, which has a name and can have the focus.

const { ROW, LEAST_WIDTH, fitted, widthOf, measureAs } = require('../../page/shared/bars')
const { s } = require('../../page/shared/elements')

/** What draws for an icicle; see there what `words` are. */
function svg (label, words) {
  const element = s('svg', { role: 'tree', 'aria-label': label })
  // On top of all bars: those next to the one that has the focus would cover a line around it.
  const ring = s('rect', { class: 'ring', 'aria-hidden': 'true' })
  let groups = new Map()
  let nodes = []
  let current

  function draw ({ bars, rows, width, zoom, current: now }) {
    element.setAttribute('viewBox', `0 0 ${width} ${rows * ROW}`)
    element.setAttribute('width', width)
    element.setAttribute('height', rows * ROW)
    measureAs(element)
    current = now
    nodes = bars.map(([node]) => node)
    groups = new Map(bars.map(([node, x, room], index) => [node, bar(node, { x, room, index, row: node.depth - zoom.depth })]))
    element.replaceChildren(...groups.values(), ring)
  }

  function bar (node, { x, room, row, index }) {
    const group = s('g', {
      role: 'treeitem',
      class: words.kind(node),
      'data-node': index,
      tabindex: node === current ? 0 : -1,
      'aria-level': node.depth + 1,
      'aria-posinset': node.at + 1,
      'aria-setsize': node.parent?.children.length ?? 1,
      'aria-label': words.described(node)
    })
    if (node.children.length > 0) group.setAttribute('aria-expanded', 'true')
    const y = row * ROW
    // A gap of one pixel, where there is room for one.
    group.append(s('rect', { x, y, width: room > 3 ? room - 1 : Math.max(room, LEAST_WIDTH), height: ROW - 1 }))
    if (room > 28) group.append(text(words.title(node), words.size(node), room - 10, { x: x + 5, y: y + 15 }))
    return group
  }

  function nodeOf ({ target }) {
    const group = target.closest('[data-node]')
    return group ? nodes[Number(group.dataset.node)] : undefined
  }

  element.addEventListener('focusin', (event) => {
    const { x, y, width, height } = groups.get(nodeOf(event) ?? current).firstChild.getBBox()
    const around = { x: x + 1, y: y + 1, width: Math.max(1, width - 2), height: height - 2 }
    for (const [name, value] of Object.entries(around)) ring.setAttribute(name, value)
  })

  return {
    element,
    draw,
    nodeOf,
    /** Makes it the one that has the focus, or would have it. */
    current (node) {
      groups.get(current)?.setAttribute('tabindex', '-1')
      current = node
      groups.get(node).setAttribute('tabindex', '0')
    },
    focus: (options) => groups.get(current).focus(options)
  }
}

/** The title, as much of it as fits, and the size, if both fit. */
function text (title, size, room, at) {
  const element = s('text', at)
  const fit = fitted(title, room)
  element.append(fit)
  if (fit === title && widthOf(`${fit}  ${size}`) <= room) {
    const quiet = s('tspan', { class: 'quiet', dx: 8 })
    quiet.append(size)
    element.append(quiet)
  }
  return element
}

module.exports = { svg }
