/* eslint-env browser, commonjs */

'use strict'

// What bars are painted with: the colours of the page's style, in several shades, so that neighbours are told apart.

const SHADES = 6

const context = document.createElement('canvas').getContext('2d', { willReadFrequently: true })

/** The colours as they are now: light or dark. */
function palette () {
  const style = getComputedStyle(document.documentElement)
  const colour = (name) => rgb(style.getPropertyValue(`--${name}`).trim())
  const [page, text, found, faint, focus, same, grew, shrank] = ['page', 'text', 'bar-found', 'bar-faint', 'focus', 'bar-same', 'bar-grew', 'bar-shrank'].map(colour)
  const shades = {}
  for (const kind of ['own', 'dependency', 'node', 'engine', 'idle', 'smaller', 'all']) {
    shades[kind] = Array.from({ length: SHADES }, (_, at) => css(mixed(colour(`bar-${kind}`), page, at / SHADES * 0.4)))
  }
  return {
    page: css(page),
    text: css(text),
    found: css(found),
    faint: css(faint),
    focus: css(focus),
    quiet: style.getPropertyValue('--quiet').trim(),
    /** Of a group; the same name has the same shade in every page. */
    of: (kind, name) => shades[kind][hash(name) % SHADES],
    /** From −1, which shrank, to 1, which grew. Little growth is to be seen, too. */
    grown: (share) => css(mixed(same, share > 0 ? grew : shrank, share === 0 ? 0 : 0.15 + 0.85 * Math.abs(share)))
  }
}

function rgb (colour) {
  context.fillStyle = colour
  context.fillRect(0, 0, 1, 1)
  return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)
}

function mixed (one, other, share) {
  return one.map((value, at) => Math.round(value + (other[at] - value) * share))
}

function css (colour) {
  return `rgb(${colour.join(' ')})`
}

function hash (text) {
  let value = 0
  for (let at = 0; at < Math.min(text.length, 64); at++) value = (value * 31 + text.charCodeAt(at)) >>> 0
  return value
}

module.exports = { palette }
