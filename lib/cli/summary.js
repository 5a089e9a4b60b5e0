'use strict'

// heapkit summary FILE: what is in a snapshot.

const { openSnapshot } = require('../heap')
const { summary: summaryOptions } = require('../options')
const { command, COMMON_USAGE, integer, writeJson, incomplete, pathText } = require('./command')
const { table, bytes, count, percent, short } = require('./table')

const usage = `Usage: heapkit summary FILE [--top N] [--sort retained|shallow|count] [--partial] [--json]

Totals by type, the table of constructors, the largest objects, and strings that are there more than once.
Numbers are those of Chrome DevTools.

Options:
  --top N     how many constructors, objects and strings (20)
  --sort KEY  sort constructors by retained (the default), shallow or count
${COMMON_USAGE}`

const options = { top: { type: 'string' }, sort: { type: 'string' } }

async function run ([file], { top, sort, json }, { stdout, control }) {
  const wanted = summaryOptions({ top: integer(top, 'top', 20), sort })
  const heap = await openSnapshot(file, control)
  const summary = await heap.summary(wanted)
  heap.close()
  if (json) return writeJson(stdout, summary)
  stdout.write(incomplete(summary.file.incomplete) + [totals(summary), types(summary), classes(summary), largest(summary), strings(summary), detached(summary)].filter(Boolean).join('\n'))
}

function totals ({ file, totals }) {
  const rows = [['V8 strings', totals.strings], ['arrays', totals.arrays], ['code', totals.code], ['V8 itself', totals.system],
    ['native', totals.native], ['  typed arrays', totals.typedArrays], ['objects and the rest', totals.other]]
  return `${bytes(totals.total)} in ${count(file.nodes)} nodes, ${count(file.edges)} edges, ${count(file.strings)} strings\n\n` +
    table(['OF IT', 'SIZE', 'SHARE'], rows.map(([name, size]) => [name, bytes(size), percent(size / (totals.total || 1))]), ['SIZE', 'SHARE'])
}

function types ({ types }) {
  return table(['TYPE', 'COUNT', 'SHALLOW'], types.map(({ type, count: number, shallow }) => [type, count(number), bytes(shallow)]), ['COUNT', 'SHALLOW'])
}

function classes ({ classes, classCount, totals }) {
  const rows = classes.map(({ name, location, count: number, shallow, retained, distance }) => [
    short(name, 60), location ?? '', distance === null ? '-' : String(distance), count(number), bytes(shallow), bytes(retained), percent(retained / (totals.total || 1))
  ])
  const more = classCount > classes.length ? `… ${count(classCount - classes.length)} more constructors (--top)\n` : ''
  return table(['CONSTRUCTOR', 'SCRIPT:LINE:COLUMN', 'DISTANCE', 'COUNT', 'SHALLOW', 'RETAINED', 'SHARE'], rows, ['DISTANCE', 'COUNT', 'SHALLOW', 'RETAINED', 'SHARE']) + more
}

function largest ({ largest }) {
  return table(['LARGEST OBJECTS', 'ID', 'SHALLOW', 'RETAINED', 'PATH'], largest.map(({ name, id, shallow, retained, path }) =>
    [short(name, 40), `@${id}`, bytes(shallow), bytes(retained), short(pathText(path.slice(0, -1), 5), 100)]), ['ID', 'SHALLOW', 'RETAINED'])
}

function strings ({ strings }) {
  if (strings.top.length === 0) return 'No string is there more than once\n'
  return `${bytes(strings.wasted)} in copies of ${count(strings.duplicated)} strings\n\n` +
    table(['WASTED', 'COUNT', 'STRING'], strings.top.map(({ text, count: number, wasted }) => [bytes(wasted), count(number), JSON.stringify(text)]), ['WASTED', 'COUNT'])
}

function detached ({ detached }) {
  return detached && `${count(detached.count)} detached DOM nodes retain ${bytes(detached.retained)}\n`
}

module.exports = command({ usage, options, min: 1, run })
