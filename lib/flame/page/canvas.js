/* eslint-env browser, commonjs */

'use strict'

// The picture of a tree on a canvas, which is as large as what can be seen of it: what is scrolled away is not painted. Who cannot see it is at one bar at a time, an
// element that has its name.

const { palette } = require('./colours')
const { tip } = require('./tip')
const { ROW, fitted, widthOf, measureAs } = require('../../page/shared/bars')
const { h } = require('../../page/shared/elements')
const { number } = require('../../page/shared/figures')

/** A text in a narrower bar would be a letter or two. */
const LEAST_FOR_TEXT = 28

let colours = palette()
const redraws = new Set()
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  colours = palette()
  redraws.forEach((redraw) => redraw())
})

/** What draws for an icicle; see there what `words` are. `isFound(node)` says that a search finds it, and is undefined while nothing is searched for. */
function canvas (label, words, { isFound }) {
  const sheet = h('canvas', { 'aria-hidden': 'true' })
  let item = h('div')
  const element = h('div', { class: 'sheet', role: 'tree', 'aria-label': label }, sheet, item)
  const context = sheet.getContext('2d')
  let picture
  /** Of each row its bars from left to right. */
  let rows = []
  let draws = 0
  let waits = false

  function draw (given) {
    picture = given
    rows = Array.from({ length: given.rows }, () => [])
    for (const [node, x, width] of given.bars) rows[node.depth - given.zoom.depth].push({ node, x, width })
    for (const [node, x, width, count] of given.narrow) rows[node.depth - given.zoom.depth + 1].push({ x, width, count })
    element.style.height = `${given.rows * ROW}px`
    current(given.current)
    soon()
  }

  const top = (row) => (picture.upward ? picture.rows - 1 - row : row) * ROW

  function paint () {
    const box = element.parentElement
    const [width, height, scale] = [picture.width, box.clientHeight, devicePixelRatio]
    if (sheet.width !== Math.round(width * scale) || sheet.height !== Math.round(height * scale)) {
      sheet.width = Math.round(width * scale)
      sheet.height = Math.round(height * scale)
      sheet.style.width = `${width}px`
      sheet.style.height = `${height}px`
    }
    context.setTransform(scale, 0, 0, scale, 0, 0)
    context.clearRect(0, 0, width, height)
    context.font = measureAs(element)
    context.textBaseline = 'middle'
    const focused = element.contains(document.activeElement)
    const find = isFound()
    let painted = 0
    rows.forEach((bars, row) => {
      const y = top(row) - box.scrollTop
      if (y + ROW < 0 || y > height) return
      for (const bar of bars) paintBar(bar, y, find)
      painted += bars.length
      const at = focused && bars.find(({ node }) => node === picture.current)
      if (at) ring(at, y)
    })
    draws++
    // What tests count.
    Object.assign(element.dataset, { bars: painted, draws })
  }

  function paintBar ({ node, x, width }, y, find) {
    const found = node && find?.(node)
    context.fillStyle = found ? colours.found : find || !node ? colours.faint : words.colour(node, colours)
    // A gap of one pixel, where there is room for one.
    context.fillRect(x, y, width > 3 ? width - 1 : width, ROW - 1)
    if (!node || width < LEAST_FOR_TEXT) return
    const title = words.title(node)
    const fit = fitted(title, width - 10)
    context.fillStyle = find && !found ? colours.quiet : colours.text
    context.fillText(fit, x + 5, y + ROW / 2)
    const size = words.size(node)
    const end = widthOf(fit) + 13
    if (fit !== title || end + widthOf(size) > width - 10) return
    context.globalAlpha = 0.75
    context.fillText(size, x + end, y + ROW / 2)
    context.globalAlpha = 1
  }

  function ring ({ x, width }, y) {
    context.strokeStyle = colours.focus
    context.lineWidth = 2
    context.strokeRect(x + 1, y + 1, Math.max(1, width - 3), ROW - 3)
  }

  /** At the next frame, however often it is asked for. */
  function soon () {
    if (waits || !picture) return
    waits = true
    requestAnimationFrame(() => {
      waits = false
      paint()
    })
  }

  /** Another element, because one that has the focus already is not read out again. */
  function current (node) {
    picture.current = node
    const focused = item === document.activeElement
    const next = h('div', {
      role: 'treeitem',
      tabindex: 0,
      class: 'hidden-text',
      'aria-label': words.described(node),
      'aria-level': node.depth + 1,
      'aria-posinset': node.at + 1,
      'aria-setsize': node.parent?.children.length ?? 1,
      'aria-expanded': node.children.length > 0 && 'true'
    })
    item.replaceWith(next)
    item = next
    if (focused) item.focus({ preventScroll: true })
  }

  /** Brings the row of the current bar to where it can be seen. */
  function reveal () {
    const box = element.parentElement
    const y = top(picture.current.depth - picture.zoom.depth)
    box.scrollTop = Math.min(y, Math.max(box.scrollTop, y + ROW - box.clientHeight))
  }

  function barAt (event) {
    const { left, top } = element.getBoundingClientRect()
    const line = Math.floor((event.clientY - top) / ROW)
    const x = event.clientX - left
    return rows[picture.upward ? picture.rows - 1 - line : line]?.find((bar) => x >= bar.x && x < bar.x + bar.width)
  }

  element.addEventListener('focusin', soon)
  element.addEventListener('focusout', soon)
  redraws.add(soon)

  return {
    element,
    narrow: true,
    draw (given) {
      draw(given)
      // Its parent is the box that scrolls.
      element.parentElement.onscroll = soon
    },
    nodeOf: (event) => event.type === 'focusin' ? picture?.current : barAt(event)?.node,
    current (node) {
      current(node)
      reveal()
      soon()
    },
    focus () {
      item.focus({ preventScroll: true })
      reveal()
    },
    hover (node, event) {
      element.style.cursor = node ? 'pointer' : ''
      const bar = node === undefined && event.type === 'pointermove' ? barAt(event) : undefined
      tip.show(node ? words.tip(node) : bar && [`${number(bar.count)} that are narrower than a pixel: zoom in to see them`], event)
    },
    soon
  }
}

module.exports = { canvas }
