'use strict'

// heapkit summary FILE: what is in a snapshot.

const { openSnapshot } = require('../heap')
const { summary: summaryOptions } = require('../options')
const { command, READING_USAGE, integer, incomplete, sourceMaps, pathText } = require('./command')
const { PATH_WIDTH, table, bytes, count, percent, short } = require('./table')

const NAME_WIDTH = 60
const INDENT = '    '

const usage = `Usage: heapkit summary FILE [--top N] [--sort retained|shallow|count] [--source-maps DIR]… [--partial] [--force] [--json]

Totals by type, the table of constructors, the largest objects, and strings that are there more than once.
Numbers are those of Chrome DevTools.

Options:
  --top N     how many constructors, objects and strings (20)
  --sort KEY  sort constructors by retained (the default), shallow or count
${READING_USAGE}`

const options = { top: { type: 'string' }, sort: { type: 'string' } }

async function run ([file], { top, sort, json }, { output, control }) {
  const wanted = summaryOptions({ top: integer(top, 'top', 20), sort })
  const heap = await openSnapshot(file, control)
  const summary = await heap.summary(wanted)
  heap.close()
  if (json) return output.json(summary)
  const { width } = output
  output.write(incomplete(summary.file.incomplete) +
    [totals(summary), types(summary), classes(summary, width), largest(summary, width), strings(summary, width), detached(summary)].filter(Boolean).join('\n') + sourceMaps(summary.file.sourceMaps, width))
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

function classes ({ classes, classCount, totals }, width) {
  const rows = classes.map(({ name, location, count: number, shallow, retained, distance }) => [
    short(name, NAME_WIDTH), location ?? '', distance === null ? '-' : String(distance), count(number), bytes(shallow), bytes(retained), percent(retained / (totals.total || 1))
  ])
  const more = classCount > classes.length ? `… ${count(classCount - classes.length)} more constructors (--top)\n` : ''
  return table(['CONSTRUCTOR', 'SCRIPT:LINE:COLUMN', 'DISTANCE', 'COUNT', 'SHALLOW', 'RETAINED', 'SHARE'], rows, ['DISTANCE', 'COUNT', 'SHALLOW', 'RETAINED', 'SHARE'],
    { width, cut: { CONSTRUCTOR: short }, drop: ['SCRIPT:LINE:COLUMN', 'DISTANCE', 'SHARE', 'SHALLOW'] }) + more
}

/** How each is reached stands below it. */
function largest ({ largest }, width) {
  const [head, rule, ...lines] = table(['LARGEST OBJECTS', 'ID', 'SHALLOW', 'RETAINED'], largest.map(({ name, id, shallow, retained }) =>
    [short(name, NAME_WIDTH), `@${id}`, bytes(shallow), bytes(retained)]), ['ID', 'SHALLOW', 'RETAINED'], { width, cut: { 'LARGEST OBJECTS': short } }).trimEnd().split('\n')
  const path = (steps) => INDENT + pathText(steps, Math.min(width, PATH_WIDTH) - INDENT.length)
  return [head, rule, ...lines.flatMap((line, index) => [line, path(largest[index].path)])].join('\n') + '\n'
}

function strings ({ strings }, width) {
  if (strings.top.length === 0) return 'No string is there more than once\n'
  return `${bytes(strings.wasted)} in copies of ${count(strings.duplicated)} strings\n\n` +
    table(['WASTED', 'COUNT', 'STRING'], strings.top.map(({ text, count: number, wasted }) => [bytes(wasted), count(number), JSON.stringify(text)]), ['WASTED', 'COUNT'], { width, cut: { STRING: short } })
}

function detached ({ detached }) {
  return detached && `${count(detached.count)} detached DOM nodes retain ${bytes(detached.retained)}\n`
}

module.exports = command({ usage, options, run })
