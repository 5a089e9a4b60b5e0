'use strict'

// Cells of the stress matrix on the Node that runs this: argv[2] is how many trials, the names follow. Prints a line of JSON for each.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { runCell } = require('../../__test__/fixtures/fork-stress/cell')

const [trials, ...cells] = process.argv.slice(2)
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-stress-'))
for (const cell of cells) {
  const { missing, ...result } = runCell({ cell, node: process.execPath, version: process.versions.node, trials: Number(trials), dir })
  fs.writeSync(1, `${JSON.stringify({ cell, missing, result })}\n`)
}
fs.rmSync(dir, { recursive: true })
