/* eslint-env browser, commonjs */

'use strict'

// The picture of a tree: bars below bars, to zoom into by click and from the keyboard.

const { ROW, visibleBars, bar, measureAs } = require('./bars')
const { h, s } = require('./elements')
const { KINDS } = require('./kinds')
const { visible } = require('./names')

/** Lower than that the picture is hard to hit, higher it scrolls. */
const LEAST_ROWS = 3
const MOST_ROWS = 18
/** A way that has more steps is shown without its middle. */
const CRUMBS = 8
const HINT = [[['click', 'Enter'], 'zooms in, '], [['Esc', 'Backspace'], 'out, '], [['←', '↑', '↓', '→'], 'move']]

/**
 * Draws a tree into a section of the page. `nodes` are laid out, the root first; `words` say of a node what it is called (`title`), how
 * much it is (`size`), both in a sentence (`described`), what it is coloured by (`kind`), and what is said below the picture (`facts`).
 */
function icicle (section, label, nodes, words) {
  const [trail, box, facts] = [h('ol'), h('div', { class: 'icicle' }), h('p', { class: 'detail' })]
  const status = h('p', { class: 'hidden-text', role: 'status' })
  const picture = s('svg', { role: 'tree', 'aria-label': label })
  // On top of all bars: those next to the one that has the focus would cover a line around it.
  const ring = s('rect', { class: 'ring', 'aria-hidden': 'true' })
  let zoom = nodes[0]
  let current = zoom
  let width = 0
  let drawn = new Map()

  function draw () {
    const focused = picture.contains(document.activeElement)
    const bars = visibleBars(zoom, width)
    if (!bars.some(([node]) => node === current)) current = zoom
    const rows = Math.max(...bars.map(([node]) => node.depth - zoom.depth)) + 1
    box.style.height = `${Math.min(Math.max(rows, LEAST_ROWS), MOST_ROWS) * ROW}px`
    picture.setAttribute('viewBox', `0 0 ${width} ${rows * ROW}`)
    picture.setAttribute('width', width)
    picture.setAttribute('height', rows * ROW)
    measureAs(picture)
    drawn = new Map(bars.map(([node, x, room]) => [node, bar(node, {
      x, room, row: node.depth - zoom.depth, title: words.title(node), size: words.size(node), label: words.described(node), kind: words.kind(node), isCurrent: node === current
    })]))
    picture.replaceChildren(...drawn.values(), ring)
    crumbs()
    detail(current)
    if (focused) drawn.get(current).focus()
  }

  function detail (node) {
    facts.replaceChildren(h('span', { class: `swatch ${words.kind(node)}` }), ...words.facts(node))
  }

  function crumbs () {
    const way = []
    for (let node = zoom; node; node = node.parent) way.unshift(node)
    const short = way.length > CRUMBS ? [...way.slice(0, 2), undefined, ...way.slice(3 - CRUMBS)] : way
    trail.replaceChildren(...short.map((node) => {
      if (!node) return h('li', { class: 'gap' }, `… ${way.length - short.length + 1} …`)
      if (node === zoom) return h('li', {}, h('span', { 'aria-current': 'true', class: 'name' }, visible(words.title(node), 48)))
      return h('li', {}, h('button', { type: 'button', class: 'plain', onclick: () => zoomTo(node, node) }, visible(words.title(node), 32)))
    }))
  }

  function zoomTo (node, then) {
    zoom = node
    current = then
    // The crumb that asked for it is gone after this.
    const asked = trail.contains(document.activeElement)
    draw()
    if (asked) drawn.get(current).focus({ preventScroll: true })
    status.textContent = `Zoomed to ${words.described(zoom)}`
  }

  function zoomIn (node) {
    if (node === zoom) return
    // A node that has nothing below it is shown among its neighbours.
    zoomTo(node.children.length > 0 ? node : node.parent, node)
  }

  function zoomOut () {
    if (zoom.parent) zoomTo(zoom.parent, zoom)
  }

  function move (node) {
    if (!node) return
    drawn.get(current)?.setAttribute('tabindex', '-1')
    current = node
    const group = drawn.get(node)
    group.setAttribute('tabindex', '0')
    group.focus()
  }

  /** The nodes at the depth of the current one, from left to right. */
  function beside (step) {
    const level = [...drawn.keys()].filter((node) => node.depth === current.depth)
    const at = level.indexOf(current)
    return step === 'first' ? level[0] : step === 'last' ? level.at(-1) : level[at + step]
  }

  const keys = {
    ArrowDown: () => move(current.children.find((child) => drawn.has(child))),
    ArrowUp: () => move(drawn.has(current.parent) ? current.parent : undefined),
    ArrowLeft: () => move(beside(-1)),
    ArrowRight: () => move(beside(1)),
    Home: () => move(beside('first')),
    End: () => move(beside('last')),
    Enter: () => zoomIn(current),
    ' ': () => zoomIn(current),
    Escape: zoomOut,
    Backspace: zoomOut
  }

  function nodeOf (event) {
    const group = event.target.closest('[data-node]')
    return group ? nodes[Number(group.dataset.node)] : undefined
  }

  picture.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return
    event.preventDefault()
    keys[event.key]()
  })
  picture.addEventListener('click', (event) => {
    const node = nodeOf(event)
    if (!node) return
    move(node)
    if (node === zoom) zoomOut()
    else zoomIn(node)
  })
  picture.addEventListener('focusin', (event) => {
    const node = nodeOf(event)
    if (!node) return
    detail(node)
    const { x, y, width, height } = drawn.get(node).firstChild.getBBox()
    const around = { x: x + 1, y: y + 1, width: Math.max(1, width - 2), height: height - 2 }
    for (const [name, value] of Object.entries(around)) ring.setAttribute(name, value)
  })
  picture.addEventListener('pointerover', (event) => detail(nodeOf(event) ?? current))
  picture.addEventListener('pointerleave', () => detail(current))

  function start () {
    // Where there may be a scroll bar, its place is kept: the width says what is drawn, and so how high it is.
    if (nodes.some((node) => node.depth >= MOST_ROWS)) box.style.scrollbarGutter = 'stable'
    box.append(picture)
    section.append(
      h('nav', { class: 'crumbs', 'aria-label': 'Zoomed to' }, trail), box, facts,
      h('div', { class: 'underline' },
        h('ul', { class: 'key' }, Object.entries(KINDS).map(([kind, text]) => h('li', {}, h('span', { class: `swatch ${kind}` }), text))),
        h('p', { class: 'hint' }, HINT.map(([keys, does]) => [keys.map((key) => [h('kbd', {}, key), ' ']), does]).flat(3))),
      status)
    new ResizeObserver(() => {
      if (box.clientWidth === width) return
      width = box.clientWidth
      draw()
    }).observe(box)
    width = box.clientWidth
    draw()
  }

  function show (node) {
    zoomTo(node.children.length > 0 ? node : node.parent ?? node, node)
    section.scrollIntoView()
    drawn.get(current).focus({ preventScroll: true })
  }

  return { start, show }
}

module.exports = { icicle }
