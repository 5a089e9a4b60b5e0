'use strict'

// heapkit report FILE [BASE] -o OUT.html: a page about a snapshot.

const fs = require('node:fs/promises')
const path = require('node:path')
const { version } = require('../../package.json')
const { openSnapshot, diffSnapshots } = require('../heap')
const { renderReport } = require('../report')
const { command, COMMON_USAGE, integer, writeJson } = require('./command')
const { UsageError } = require('./usage-error')
const { bytes } = require('./table')

const usage = `Usage: heapkit report FILE [BASE] -o OUT.html [--top N] [--partial] [--json]

One page about a snapshot, for a browser; it loads nothing. It shows totals, suspects, constructors, the dominator tree as a
picture, and duplicated strings; with BASE, an earlier snapshot, also what grew since then.

Options:
  -o, --output OUT.html  where the page goes; never over another file
  --top N                how many constructors, objects and strings (1000)
${COMMON_USAGE}`

const options = { output: { type: 'string', short: 'o' }, top: { type: 'string' } }

async function run ([file, base], { output, top, json, partial }, { stdout, control }) {
  if (output === undefined) throw new UsageError('report: name the page: -o OUT.html')
  const wanted = { top: integer(top, 'top', 1000) }
  const heap = await openSnapshot(file, control)
  const report = await heap.report(wanted)
  heap.close()
  const diff = base && await diffSnapshots([base, file], { top: 200, tree: true, ...control })
  const page = renderReport({ title: path.basename(file), generatedAt: new Date().toISOString(), version, report, diff })
  await fs.writeFile(output, page, { flag: 'wx', mode: 0o600 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error
    throw new Error(`${output} exists; heapkit never overwrites: remove it or choose another name`)
  })
  if (json) return writeJson(stdout, { path: path.resolve(output), bytes: Buffer.byteLength(page) })
  stdout.write(`${path.resolve(output)}  ${bytes(Buffer.byteLength(page))}\n`)
}

module.exports = command({ usage, options, min: 1, max: 2, run })
