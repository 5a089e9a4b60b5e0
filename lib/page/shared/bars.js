/* eslint-env browser, commonjs */

'use strict'

// The bars of a tree: which of them can be seen, where they are, and how much of a text fits into one.

const ROW = 22
/** What is narrower cannot be seen; the bar above it still shows how much there is. */
const LEAST_WIDTH = 0.7

const context = document.createElement('canvas').getContext('2d')
let letter = 0

/**
 * What can be seen below `zoom`, if the picture is that wide: [node, x, width] each, callers before whom they call, from left to right. `skipped(node, x, width, count)` is
 * told of children of a node that are too narrow, but can be seen together.
 */
function visibleBars (zoom, width, skipped) {
  const scale = width / ((zoom.end - zoom.start) || 1)
  const bars = []
  // As deep as a stack may be, which is deeper than this script's own.
  const waiting = [zoom]
  while (waiting.length > 0) {
    const node = waiting.pop()
    bars.push([node, (node.start - zoom.start) * scale, (node.end - node.start) * scale])
    const wide = []
    let [from, narrow, count] = [0, 0, 0]
    for (const child of node.children) {
      const room = (child.end - child.start) * scale
      if (room >= LEAST_WIDTH) wide.push(child)
      else {
        if (count++ === 0) from = (child.start - zoom.start) * scale
        narrow += room
      }
    }
    if (narrow >= LEAST_WIDTH) skipped?.(node, from, narrow, count)
    while (wide.length > 0) waiting.push(wide.pop())
  }
  return bars
}

/** As much of a text as fits. */
function fitted (text, room) {
  if (widthOf(text) <= room) return text
  let [low, high] = [0, text.length]
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (widthOf(text.slice(0, middle) + '…') <= room) low = middle
    else high = middle - 1
  }
  return low > 1 ? text.slice(0, low) + '…' : ''
}

/** Letters of the font are equally wide, but for those that it lacks. */
function widthOf (text) {
  return /^[\x20-\x7e…]*$/.test(text) ? text.length * letter : context.measureText(text).width
}

/** Texts are measured as that element shows them; answers the font. */
function measureAs (element) {
  context.font = `12px ${getComputedStyle(element).fontFamily}`
  letter = context.measureText('m').width
  return context.font
}

module.exports = { ROW, LEAST_WIDTH, visibleBars, fitted, widthOf, measureAs }
