/* eslint-env browser, commonjs */

'use strict'

// What the page shows: the JSON that it contains.

const { percent } = require('../../page/shared/figures')

const { generatedAt, report, diff } = JSON.parse(document.getElementById('data').textContent)
const { summary, suspects, tree } = report
/** Bytes of the heap. */
const total = summary.totals.total

/** The share of the heap. */
function ofHeap (part) {
  return percent(part, total)
}

module.exports = { generatedAt, summary, suspects, tree, diff, total, ofHeap }
