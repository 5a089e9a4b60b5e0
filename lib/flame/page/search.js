/* eslint-env browser, commonjs */

'use strict'

// What somebody looks for: a text, in whatever case, or a regular expression between slashes.

/** { matches, problem }: of each group whether it matches; undefined where nothing is looked for. */
function search (groups, text) {
  const wanted = text.trim()
  if (wanted === '') return {}
  const expression = /^\/(.*)\/([a-z]*)$/s.exec(wanted)
  let test
  if (expression) {
    try {
      // `g` and `y` would remember where they were.
      const pattern = new RegExp(expression[1], expression[2].replace(/[gy]/g, ''))
      test = (text) => pattern.test(text)
    } catch {
      return { problem: 'no regular expression' }
    }
  } else {
    const lower = wanted.toLowerCase()
    test = (text) => text.toLowerCase().includes(lower)
  }
  return { matches: Uint8Array.from(groups.list, (group) => test(group.text) ? 1 : 0) }
}

module.exports = { search }
