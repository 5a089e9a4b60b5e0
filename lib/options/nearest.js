'use strict'

/** The one of `names` that a misspelt `name` was probably meant to be: at most a third of its letters differ. */
function nearest (name, names) {
  const near = names
    .map((one) => ({ one, edits: distance(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, edits }) => edits <= Math.max(1, one.length / 3))
  return near.sort((a, b) => a.edits - b.edits)[0]?.one
}

/** Levenshtein's distance: how many letters must be added, removed or changed. */
function distance (from, to) {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let at = 0; at < from.length; at++) {
    const next = [at + 1]
    for (let index = 0; index < to.length; index++) {
      next.push(Math.min(row[index] + (from[at] === to[index] ? 0 : 1), row[index + 1] + 1, next[index] + 1))
    }
    row = next
  }
  return row[to.length]
}

module.exports = { nearest }
