'use strict'

// heapkit report FILE [BASE] -o OUT.html: a page about a snapshot.

const path = require('node:path')
const { version } = require('../../package.json')
const { openSnapshot, diffSnapshots } = require('../heap')
const { renderReport } = require('../report')
const { command, READING_USAGE, integer, namedOutput } = require('./command')
const { writeFile } = require('../copies')
const { UsageError } = require('./usage-error')
const { bytes, visible } = require('./table')

const usage = `Usage: heapkit report FILE [BASE] -o OUT.html [--top N] [--source-maps DIR]… [--partial] [--force] [--json]

One page about a snapshot, for a browser; it loads nothing. It shows totals, suspects, constructors, the dominator tree as a
picture, and duplicated strings; with BASE, an earlier snapshot, also what grew since then.

Options:
  -o, --output OUT.html  where the page goes; never over another file
  --top N                how many constructors, objects and strings (1000)
${READING_USAGE}`

const options = { output: { type: 'string', short: 'o' }, top: { type: 'string' } }

async function run ([file, base], { output: to, top, json }, { output, control }) {
  if (!to) throw new UsageError('report: name the page: -o OUT.html')
  namedOutput('report', to)
  const wanted = { top: integer(top, 'top', 1000) }
  const heap = await openSnapshot(file, control)
  const report = await heap.report(wanted)
  heap.close()
  const diff = base && await diffSnapshots([base, file], { top: 200, tree: true, ...control })
  const page = renderReport({ title: path.basename(file), generatedAt: new Date().toISOString(), version, report, diff })
  const { path: written, bytes: size } = await writeFile(to, page)
  if (json) return output.json({ path: written, bytes: size })
  output.write(`${visible(written)}  ${bytes(size)}\n`)
}

module.exports = command({ usage, options, run })
