/* eslint-env browser, commonjs */

'use strict'

// Names from the heap, which may be anything.

const { h } = require('./elements')

/** Shows characters that are invisible, or change the direction of text, by their codes. */
function visible (text, limit = 300) {
  const shown = text.length > limit ? text.slice(0, limit - 1) + '…' : text
  return shown.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) => {
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[char]
    return known ?? `\\u{${char.codePointAt(0).toString(16)}}`
  })
}

function quoted (text) {
  return `"${visible(text.replaceAll('\\', '\\\\').replaceAll('"', '\\"'))}"`
}

function name (text, className = 'name') {
  return h('span', { class: className, title: text.length > 24 && visible(text, 2000) }, visible(text) || '(no name)')
}

function baseName (path) {
  return path.split(/[/\\]/).at(-1) || path
}

module.exports = { visible, quoted, name, baseName }
