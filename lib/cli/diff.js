'use strict'

// heapkit diff A B [C …]: what grew between snapshots, and who holds it; or between two profiles.

const path = require('node:path')
const { diffSnapshots } = require('../heap')
const { byteCount } = require('../options')
const { command, READING_USAGE, integer, incomplete, sourceMaps } = require('./command')
const { areProfiles, diffProfiles } = require('./diff-profiles')
const { UsageError } = require('./usage-error')
const { growth } = require('./growth')
const { table, bytes, count, signed, short, ending, wrapped } = require('./table')

const usage = `Usage: heapkit diff A B [C …] [--top N] [--max-growth SIZE] [--by function|file|package] [--value TYPE]
                             [--source-maps DIR]… [--partial] [--force] [--json]

What grew from A to B (or, with more files, from the first to the last; what grew every time comes first), by who holds
it and by constructor. Snapshots of one process, in the order in which they were taken. Each byte of the growth is in one
line; lines of less than 0.1 % of it are not shown.

Of two profiles (.cpuprofile, .heapprofile, pprof): who takes more time, or memory, than before. GROWTH is of a function's own,
CUMULATIVE with what it called.

Options:
  --top N            how many paths and constructors, or functions (20)
  --max-growth SIZE  exit with 3 if a line, shown or not, grew by more, say 10m; of profiles of time, 250ms
  --by WHAT          of profiles, what a line is: function (the default), file or package
  --value TYPE       of profiles, which values: cpu, wall, samples, inuse_space, … (what the file wants to be seen first)
${READING_USAGE}`

const options = { top: { type: 'string' }, 'max-growth': { type: 'string' }, by: { type: 'string' }, value: { type: 'string' } }

/** Options that only one of the two kinds of files has. */
const OF_PROFILES = ['by', 'value']
const OF_SNAPSHOTS = ['partial']

async function run (files, values, out) {
  const given = (names) => names.find((name) => values[name] !== undefined)
  if (areProfiles(files) || given(OF_PROFILES)) {
    if (given(OF_SNAPSHOTS)) throw new UsageError(`diff: --${given(OF_SNAPSHOTS)} is for snapshots, and these are profiles`)
    return await diffProfiles(files, values, out)
  }
  try {
    return await diffOfSnapshots(files, values, out)
  } catch (error) {
    // A profile may have any name. Standard input was read.
    if (error.code !== 'HEAPKIT_ERR_INVALID_SNAPSHOT' || files.includes('-') || given(OF_SNAPSHOTS)) throw error
    return await diffProfiles(files, values, out).catch((other) => { throw other.code === 'HEAPKIT_ERR_INVALID_PROFILE' ? error : other })
  }
}

async function diffOfSnapshots (files, { top, 'max-growth': maxGrowth, json }, { output, control }) {
  const limit = maxGrowth === undefined ? Infinity : byteCount(maxGrowth)
  if (typeof limit !== 'number') throw new UsageError(`--max-growth must be a size in bytes, or with k, m or g, such as 10m; got ${JSON.stringify(maxGrowth)}`)
  const diff = await diffSnapshots(files, { top: integer(top, 'top', 20), ...control })
  if (json) output.json(diff)
  else output.write(text(diff, output.width))
  return diff.maxSizeDelta > limit ? 3 : 0
}

function text (diff, width) {
  return diff.snapshots.map(({ incomplete: reason }) => incomplete(reason)).join('') + [snapshots(diff, width), growth(diff, width), constructors(diff, width), ids(diff, width)].join('\n') + sourceMaps(diff.snapshots.at(-1).sourceMaps, width)
}

function snapshots ({ snapshots, sizeDelta }, width) {
  return table(['SNAPSHOT', 'SIZE', 'NODES'], snapshots.map(({ path: file, total, nodes }) => [path.basename(file), bytes(total), count(nodes)]), ['SIZE', 'NODES'], { width, cut: { SNAPSHOT: ending } }) +
    `${signed(sizeDelta, bytes)} from the first to the last\n`
}

function constructors ({ constructors, constructorCount, ids, snapshots }, width) {
  const right = ['COUNT', 'DELTA', 'ADDED', 'REMOVED', 'SHALLOW', 'RETAINED']
  const head = ['CONSTRUCTOR', 'COUNT', 'DELTA', ...(ids.correspond ? ['ADDED', 'REMOVED'] : []), 'SHALLOW', 'RETAINED', ...(snapshots.length > 2 ? ['GREW'] : [])]
  const rows = constructors.map((one) => [
    short(one.name, 60), count(one.counts.at(-1)), signed(one.countDelta),
    ...(ids.correspond ? [count(one.added), count(one.removed)] : []),
    signed(one.shallowDelta, bytes), signed(one.retainedDelta, bytes),
    ...(snapshots.length > 2 ? [one.grewEveryTime ? 'every time' : ''] : [])
  ])
  const more = constructorCount > constructors.length ? `… ${count(constructorCount - constructors.length)} more (--top)\n` : ''
  return table(head, rows, right, { width, cut: { CONSTRUCTOR: short }, drop: ['GREW', 'SHALLOW', 'REMOVED', 'ADDED'] }) + more
}

function ids ({ ids }, width) {
  return wrapped(ids.correspond
    ? 'Object ids correspond, so ADDED and REMOVED are known.'
    : 'Object ids do not correspond (forked snapshots without `stableIds`, or different processes): counts and sizes are compared, not objects.', width).join('\n') + '\n'
}

module.exports = command({ usage, options, run })
