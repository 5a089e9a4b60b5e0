/* eslint-env browser, commonjs */

'use strict'

// What the page shows: the JSON that it contains.

const { generatedAt, report, diff } = JSON.parse(document.getElementById('data').textContent)
const { summary, suspects, tree } = report
/** Bytes of the heap. */
const total = summary.totals.total

module.exports = { generatedAt, summary, suspects, tree, diff, total }
