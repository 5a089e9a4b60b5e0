'use strict'

// The page about a heap.

const { around, embedded } = require('../page')

/** The document. `report` and `diff` are the JSON of the core's `Report` and `Diff`; `diff` may be missing. */
function renderReport ({ title, generatedAt, version, report, diff }) {
  const { head, tail } = around(__dirname, { title, version })
  return head + embedded({ generatedAt: new Date(generatedAt).toISOString(), report, diff: diff ?? null }) + tail
}

module.exports = { renderReport }
