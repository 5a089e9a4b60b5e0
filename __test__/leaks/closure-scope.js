'use strict'

// A function that may retry an export is kept for ever, and with it the scope in which it was made: all rows of the export.

const retries = []

function exportReport (number) {
  const rows = Array.from({ length: 100 }, (_, row) => ({ row, total: row * number + 0.5 }))
  const sum = rows.reduce((sum, { total }) => sum + total, 0)
  retries.push(function onRetry () { return rows.length + sum })
}

module.exports = {
  holder: [/\bretries\b/, /closure-scope\.js/],
  thing: /\bonRetry\b|\brows\b/,
  count: 1,
  bytes: 5100,
  calls: [100, 1000, 1000],
  leak: exportReport
}
