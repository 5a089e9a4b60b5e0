/* eslint-env browser, commonjs */

'use strict'

// Sections of the page, which are hidden until something is in them.

const { byId, h } = require('./elements')

function open (id) {
  const section = byId(id)
  section.hidden = false
  const heading = section.querySelector('h2')
  heading.id = `${id}-heading`
  section.setAttribute('aria-labelledby', heading.id)
  byId('contents').append(h('a', { href: `#${id}` }, heading.textContent))
  return section
}

module.exports = { open }
