'use strict'

// heapkit top FILE: who takes the time, or the memory, in a profile.

const { openProfile } = require('../profile')
const { command, PROFILE_USAGE, integer, sourceMaps, withMaps } = require('./command')
const { table, amount, count, bytes, ending, percent, short, visible } = require('./table')

const usage = `Usage: heapkit top FILE [--by function|file|package|thread] [--value TYPE] [--focus REGEXP] [--ignore REGEXP] [--top N]
                        [--source-maps DIR]… [--force] [--json]

Who takes the time, or the memory, in a .cpuprofile, a .heapprofile or a pprof file: FLAT is its own, CUMULATIVE is with what
it called. A package is one of node_modules, all of Node.js, or all of your own code.

Options:
  --by WHAT        what a line is: function (the default), file, package or thread
  --value TYPE     which values: cpu, wall, samples, inuse_space, … (what the file wants to be seen first)
  --focus REGEXP   only samples with such a function, file or thread
  --ignore REGEXP  without samples that have such a function, file or thread
  --top N          how many lines (20)
${PROFILE_USAGE}`

const options = { by: { type: 'string' }, value: { type: 'string' }, focus: { type: 'string' }, ignore: { type: 'string' }, top: { type: 'string' } }

async function run ([file], { by = 'function', value, focus, ignore, top, json }, { output, control }) {
  const wanted = { by, top: integer(top, 'top', 20) }
  for (const [name, given] of Object.entries({ value, focus, ignore })) if (given !== undefined) wanted[name] = given
  const profile = await openProfile(file, control)
  const answer = await profile.top(wanted)
  profile.close()
  if (json) return output.json(withMaps(answer, profile))
  output.write(text(profile, answer, by, output.width) + sourceMaps(profile.sourceMaps, output.width))
}

function text (profile, { name, unit, total, shown, rows, rowCount }, by, width) {
  if (rows.length === 0) return `No sample has any ${visible(name)}\n`
  const is = (number) => amount(number, unit)
  const of = total === shown ? '' : `, of which ${is(shown)} (${percent(shown / total)}) are looked at`
  const took = profile.durationMs === null ? '' : ` in ${amount(profile.durationMs * 1e6, 'nanoseconds')}`
  const head = `${visible(name)}: ${is(total)}${of}, ${count(profile.samples)} ${profile.samples === 1 ? 'sample' : 'samples'}${took}\n\n`
  const share = (number) => percent(number / (total || 1))
  const objects = rows[0].objects !== undefined
  const columns = [
    ['FLAT', ({ flat }) => is(flat)], ['SHARE', ({ flat }) => share(flat)],
    ['CUMULATIVE', ({ cumulative }) => is(cumulative)], ['OF ALL', ({ cumulative }) => share(cumulative)],
    ...objects ? [['OBJECTS', (row) => count(row.objects)], ['AVERAGE', (row) => row.objects > 0 ? bytes(Math.round(row.flat / row.objects)) : '-']] : [],
    [by.toUpperCase(), (row) => row.name],
    ...by === 'function' ? [['PLACE', ({ place = '' }) => place]] : []
  ]
  const titles = columns.map(([title]) => title)
  const right = titles.slice(0, objects ? 6 : 4)
  const more = rowCount > rows.length ? `… ${count(rowCount - rows.length)} more (--top)\n` : ''
  return head + table(titles, rows.map((row) => columns.map(([, cell]) => cell(row))), right,
    { width, cut: { FUNCTION: short, FILE: ending, PACKAGE: short, PLACE: ending }, drop: ['OF ALL'] }) + more
}

module.exports = command({ usage, options, reads: 'profile', run })
