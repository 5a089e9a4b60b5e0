/* eslint-env browser, commonjs */

'use strict'

// Elements. Strings of the heap become text nodes and properties, never HTML.

const SVG = 'http://www.w3.org/2000/svg'

const byId = (id) => document.getElementById(id)

/** An element; `on…` are listeners, everything else attributes; children that are falsy are left out. */
function h (tag, attributes, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false && child !== ''))
  return element
}

function s (tag, attributes) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}

/** Fills that share of a row or a bar, from its end. */
function share (element, part, whole) {
  element.style.setProperty('--share', whole > 0 ? Math.min(1, Math.max(0, part / whole)).toFixed(4) : '0')
  return element
}

module.exports = { byId, h, s, share }
