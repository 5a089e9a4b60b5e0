'use strict'

// heapkit diff A B of profiles: who takes more time, or memory, than before.

const { byteCount } = require('../options')
const { openProfile } = require('../profile')
const { integer, sourceMaps, withMaps } = require('./command')
const { UsageError } = require('./usage-error')
const { table, amount, count, ending, short, signed, visible } = require('./table')

/** Names that profiles have. */
const NAMES = /\.(cpuprofile|heapprofile|pprof|pb)(\.(gz|zst))?$/i

/** What a second is in nanoseconds, and its parts. */
const TIMES = { us: 1e3, ms: 1e6, s: 1e9 }

/** Whether these are profiles, as their names say. */
function areProfiles (files) {
  return files.some((file) => NAMES.test(file))
}

/** The exit code: 3 if a line, shown or not, grew by more than was allowed. */
async function diffProfiles ([before, after, ...more], { by = 'function', value, top, json, 'max-growth': maxGrowth }, { output, control: { partial, ...control } }) {
  if (more.length > 0) throw new UsageError(`diff: of profiles it takes two, the earlier first; got ${more.length + 2}`)
  const [base, profile] = [await openProfile(before, control), await openProfile(after, control)]
  const wanted = { by, top: integer(top, 'top', 20), ...(value !== undefined && { value }) }
  const answer = await profile.diff(base, wanted)
  base.close()
  profile.close()
  const limit = maxGrowth === undefined ? Infinity : limitOf(maxGrowth, answer)
  if (json) output.json(withMaps(answer, profile))
  else output.write(text(answer, base, profile, by, output.width) + sourceMaps(profile.sourceMaps, output.width))
  return answer.maxFlatDelta > limit ? 3 : 0
}

/** `10m` of bytes and things that are counted, `250ms` of time. */
function limitOf (text, { name, unit }) {
  if (unit === 'nanoseconds') {
    const [, number, part] = /^(\d+(?:\.\d+)?)(us|ms|s)$/i.exec(text) ?? []
    if (number === undefined) throw new UsageError(`--max-growth must be a time for ${visible(name)}, such as 250ms or 2s; got ${JSON.stringify(text)}`)
    return Number(number) * TIMES[part.toLowerCase()]
  }
  const limit = byteCount(text)
  if (typeof limit !== 'number') throw new UsageError(`--max-growth must be a number for ${visible(name)}, or one with k, m or g, such as 10m; got ${JSON.stringify(text)}`)
  return limit
}

function text ({ name, unit, totals: [before, after], rows, rowCount }, base, profile, by, width) {
  const is = (number) => amount(number, unit)
  const grew = (number) => signed(number, is)
  const took = ({ samples, durationMs }) => `${count(samples)} samples${durationMs === null ? '' : ` in ${amount(durationMs * 1e6, 'nanoseconds')}`}`
  const head = `${visible(name)}: ${is(before)} → ${is(after)} (${grew(after - before)}), ${took(base)} → ${took(profile)}\n\n`
  if (rows.length === 0) return `${head}Nothing grew or shrank\n`
  const columns = [
    ['GROWTH', ({ flatDelta }) => grew(flatDelta)], ['CUMULATIVE', ({ cumulativeDelta }) => grew(cumulativeDelta)],
    ['FROM → TO', ({ flat }) => flat.map(is).join(' → ')], [by.toUpperCase(), (row) => row.name],
    ...by === 'function' ? [['PLACE', ({ place = '' }) => place]] : []
  ]
  const titles = columns.map(([title]) => title)
  const more = rowCount > rows.length ? `… ${count(rowCount - rows.length)} more (--top)\n` : ''
  return head + table(titles, rows.map((row) => columns.map(([, cell]) => cell(row))), titles.slice(0, 3),
    { width, cut: { FUNCTION: short, FILE: ending, PACKAGE: short, PLACE: ending }, drop: ['FROM → TO'] }) + more
}

module.exports = { areProfiles, diffProfiles }
