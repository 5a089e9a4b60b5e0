/* eslint-env browser, commonjs */

'use strict'

// The bars of a tree as pieces of a picture.

const { s } = require('./elements')

const ROW = 22
/** What is narrower cannot be seen; the bar above it still shows how much there is. */
const LEAST_WIDTH = 0.7

const context = document.createElement('canvas').getContext('2d')

/** What can be seen below `zoom`, if the picture is that wide: [node, x, width] each. */
function visibleBars (zoom, width) {
  const scale = width / ((zoom.end - zoom.start) || 1)
  const bars = []
  const visit = (node) => {
    const room = (node.end - node.start) * scale
    if (room < LEAST_WIDTH && node !== zoom) return
    bars.push([node, (node.start - zoom.start) * scale, room])
    node.children.forEach(visit)
  }
  visit(zoom)
  return bars
}

/** One bar. `title` and `size` are its texts, `label` is what it is called, `row` where it is. */
function bar (node, { x, room, row, title, size, label, kind, isCurrent }) {
  const group = s('g', {
    role: 'treeitem',
    class: kind,
    'data-node': node.index,
    tabindex: isCurrent ? 0 : -1,
    'aria-level': node.depth + 1,
    'aria-posinset': node.at + 1,
    'aria-setsize': node.parent?.children.length ?? 1,
    'aria-label': label
  })
  if (node.children.length > 0) group.setAttribute('aria-expanded', 'true')
  const y = row * ROW
  // A gap of one pixel, where there is room for one.
  group.append(s('rect', { x, y, width: room > 3 ? room - 1 : Math.max(room, LEAST_WIDTH), height: ROW - 1 }))
  if (room > 28) group.append(text(title, size, room - 10, { x: x + 5, y: y + 15 }))
  return group
}

/** The title, as much of it as fits, and the size, if both fit. */
function text (title, size, room, at) {
  const element = s('text', at)
  const fit = fitted(title, room)
  element.append(fit)
  if (fit === title && context.measureText(`${fit}  ${size}`).width <= room) {
    const quiet = s('tspan', { class: 'quiet', dx: 8 })
    quiet.append(size)
    element.append(quiet)
  }
  return element
}

function fitted (text, room) {
  if (context.measureText(text).width <= room) return text
  let [low, high] = [0, text.length]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (context.measureText(text.slice(0, middle) + '…').width <= room) low = middle
    else high = middle - 1
  }
  return low > 1 ? text.slice(0, low) + '…' : ''
}

/** Texts are measured as that element shows them. */
function measureAs (element) {
  context.font = `12px ${getComputedStyle(element).fontFamily}`
}

module.exports = { ROW, visibleBars, bar, measureAs }
