/* eslint-env browser, commonjs */

'use strict'

// The picture of a tree: bars below bars, or on top of one another, to zoom into by click and from the keyboard.

const { ROW, visibleBars } = require('./bars')
const { h } = require('./elements')
const { visible } = require('./names')

/** Lower than that the picture is hard to hit, higher it scrolls. */
const LEAST_ROWS = 3
const MOST_ROWS = 18
/** A way that has more steps is shown without its middle. */
const CRUMBS = 8
const HINT = [[['click', 'Enter'], 'zooms in, '], [['Esc', 'Backspace'], 'out, '], [['0'], 'out of all, '], [['←', '↑', '↓', '→'], 'move']]

/**
 * Draws a tree into a section of the page. `words` say of a node what it is called (`title`), how much it is (`size`), both in a sentence (`described`), what it is
 * coloured by (`kind`: one of those in `kinds()`, with what they are called), and what is said below the picture (`facts`). `surface` draws: it has an `element`, `draw(picture)`,
 * `nodeOf(event)`, `current(node)` and `focus(options)`, and perhaps `hover(node, event)`; with `narrow` it is also given what is too narrow to be seen alone. A picture that is `upward` has its root at the bottom; without a `hint` it
 * says neither what its colours mean nor which keys there are; `more(node)` is an element that is shown behind the facts.
 */
function icicle (section, { root, words, surface, upward = false, mostRows = () => MOST_ROWS, hint = true, more }) {
  const [trail, box, facts] = [h('ol'), h('div', { class: 'icicle' }), h('p', { class: 'detail' })]
  const status = h('p', { class: 'hidden-text', role: 'status' })
  const legend = h('ul', { class: 'key' })
  const picture = surface.element
  let zoom = root
  let current = zoom
  let width = 0
  let drawn = new Set()
  let hovered

  function draw () {
    const focused = picture.contains(document.activeElement)
    const narrow = []
    const bars = visibleBars(zoom, width, surface.narrow && ((...one) => narrow.push(one)))
    drawn = new Set(bars.map(([node]) => node))
    if (!drawn.has(current)) current = zoom
    const deepest = (list) => list.reduce((most, [node]) => Math.max(most, node.depth - zoom.depth), 0)
    // What is narrow is below its node.
    const rows = Math.max(deepest(bars), narrow.length > 0 ? deepest(narrow) + 1 : 0) + 1
    box.style.height = `${Math.min(Math.max(rows, LEAST_ROWS), Math.max(LEAST_ROWS, mostRows())) * ROW}px`
    surface.draw({ bars, narrow, rows, width, zoom, current, upward })
    crumbs()
    legend.replaceChildren(...Object.entries(words.kinds()).map(([kind, text]) => h('li', {}, h('span', { class: `swatch ${kind}` }), text)))
    detail(current)
    if (focused) surface.focus()
  }

  function detail (node) {
    facts.replaceChildren(...[h('span', { class: `swatch ${words.kind(node)}` }), ...words.facts(node), more?.(node)].filter(Boolean))
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
    toRoot()
    if (asked) surface.focus({ preventScroll: true })
    status.textContent = `Zoomed to ${words.described(zoom)}`
  }

  /** Where there is no room for all rows, those next to the root are shown. */
  function toRoot () {
    box.scrollTop = upward ? box.scrollHeight : 0
  }

  function zoomIn (node) {
    if (node === zoom) return
    // A node that has nothing below it is shown among its neighbours.
    zoomTo(node.children.length > 0 ? node : node.parent, node)
  }

  function zoomOut () {
    if (zoom.parent) zoomTo(zoom.parent, zoom)
  }

  function reset () {
    if (zoom !== root) zoomTo(root, root)
  }

  function move (node) {
    if (!node) return
    current = node
    surface.current(node)
    surface.focus()
    detail(node)
  }

  /** The nodes at the depth of the current one, from left to right. */
  function beside (step) {
    const level = [...drawn].filter((node) => node.depth === current.depth)
    const at = level.indexOf(current)
    return step === 'first' ? level[0] : step === 'last' ? level.at(-1) : level[at + step]
  }

  const toChild = () => move(current.children.find((child) => drawn.has(child)))
  const toParent = () => move(drawn.has(current.parent) ? current.parent : undefined)
  const keys = {
    ArrowDown: () => upward ? toParent() : toChild(),
    ArrowUp: () => upward ? toChild() : toParent(),
    ArrowLeft: () => move(beside(-1)),
    ArrowRight: () => move(beside(1)),
    Home: () => move(beside('first')),
    End: () => move(beside('last')),
    Enter: () => zoomIn(current),
    ' ': () => zoomIn(current),
    Escape: zoomOut,
    Backspace: zoomOut,
    0: reset
  }

  picture.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return
    event.preventDefault()
    keys[event.key]()
  })
  picture.addEventListener('click', (event) => {
    const node = surface.nodeOf(event)
    if (!node) return
    move(node)
    if (node === zoom) zoomOut()
    else zoomIn(node)
  })
  picture.addEventListener('focusin', (event) => detail(surface.nodeOf(event) ?? current))
  picture.addEventListener('pointermove', (event) => hover(surface.nodeOf(event), event))
  picture.addEventListener('pointerleave', (event) => hover(undefined, event))

  function hover (node, event) {
    surface.hover?.(node, event)
    if (node === hovered) return
    hovered = node
    detail(node ?? current)
  }

  function start () {
    // Where there may be a scroll bar, its place is kept: the width says what is drawn, and so how high it is.
    box.style.scrollbarGutter = 'stable'
    box.append(picture)
    section.append(
      h('nav', { class: 'crumbs', 'aria-label': 'Zoomed to' }, trail), box, facts,
      hint ? h('div', { class: 'underline' }, legend, h('p', { class: 'hint' }, HINT.map(([keys, does]) => [keys.map((key) => [h('kbd', {}, key), ' ']), does]).flat(3))) : '',
      status)
    new ResizeObserver(() => {
      if (box.clientWidth === width) return
      width = box.clientWidth
      draw()
    }).observe(box)
    width = box.clientWidth
    draw()
    toRoot()
  }

  function show (node) {
    zoomTo(node.children.length > 0 ? node : node.parent ?? node, node)
    section.scrollIntoView()
    surface.focus({ preventScroll: true })
  }

  /** Draws another tree, or in the other direction. */
  function change (given) {
    if (given.root) zoom = current = root = given.root
    upward = given.upward ?? upward
    hovered = undefined
    draw()
    toRoot()
  }

  return { start, show, change, draw, reset, current: () => current }
}

module.exports = { icicle }
