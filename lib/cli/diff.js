'use strict'

// heapkit diff A B [C …]: what grew between snapshots, and who holds it.

const path = require('node:path')
const { diffSnapshots } = require('../heap')
const { byteCount } = require('../options')
const { command, COMMON_USAGE, integer, writeJson, incomplete } = require('./command')
const { UsageError } = require('./usage-error')
const { growth } = require('./growth')
const { table, bytes, count, signed, short } = require('./table')

const usage = `Usage: heapkit diff A B [C …] [--top N] [--max-growth SIZE] [--partial] [--json]

What grew from A to B (or, with more files, from the first to the last; what grew every time comes first), by who holds
it and by constructor. Snapshots of one process, in the order in which they were taken. Each byte of the growth is in one
line; lines of less than 0.1 % of it are not shown.

Options:
  --top N            how many paths and constructors (20)
  --max-growth SIZE  exit with 3 if a line, shown or not, grew by more, say 10m
${COMMON_USAGE}`

const options = { top: { type: 'string' }, 'max-growth': { type: 'string' } }

async function run (files, { top, 'max-growth': maxGrowth, json }, { stdout, control }) {
  const limit = maxGrowth === undefined ? Infinity : byteCount(maxGrowth)
  if (typeof limit !== 'number') throw new UsageError(`--max-growth must be a size in bytes, or with k, m or g; got ${JSON.stringify(maxGrowth)}`)
  const diff = await diffSnapshots(files, { top: integer(top, 'top', 20), ...control })
  if (json) writeJson(stdout, diff)
  else stdout.write(text(diff, stdout.isTTY ? stdout.columns : Infinity))
  return diff.maxSizeDelta > limit ? 3 : 0
}

function text (diff, width) {
  return diff.snapshots.map(({ incomplete: reason }) => incomplete(reason)).join('') + [snapshots(diff), growth(diff, width), constructors(diff), ids(diff)].join('\n')
}

function snapshots ({ snapshots, sizeDelta }) {
  return table(['SNAPSHOT', 'SIZE', 'NODES'], snapshots.map(({ path: file, total, nodes }) => [path.basename(file), bytes(total), count(nodes)]), ['SIZE', 'NODES']) +
    `${signed(sizeDelta, bytes)} from the first to the last\n`
}

function constructors ({ constructors, constructorCount, ids, snapshots }) {
  const right = ['COUNT', 'DELTA', 'ADDED', 'REMOVED', 'SHALLOW', 'RETAINED']
  const head = ['CONSTRUCTOR', 'COUNT', 'DELTA', ...(ids.correspond ? ['ADDED', 'REMOVED'] : []), 'SHALLOW', 'RETAINED', ...(snapshots.length > 2 ? ['GREW'] : [])]
  const rows = constructors.map((one) => [
    short(one.name, 60), count(one.counts.at(-1)), signed(one.countDelta),
    ...(ids.correspond ? [count(one.added), count(one.removed)] : []),
    signed(one.shallowDelta, bytes), signed(one.retainedDelta, bytes),
    ...(snapshots.length > 2 ? [one.grewEveryTime ? 'every time' : ''] : [])
  ])
  const more = constructorCount > constructors.length ? `… ${count(constructorCount - constructors.length)} more (--top)\n` : ''
  return table(head, rows, right) + more
}

function ids ({ ids }) {
  return ids.correspond
    ? 'Object ids correspond, so ADDED and REMOVED are known.\n'
    : 'Object ids do not correspond (forked snapshots without `stableIds`, or different processes): counts and sizes are compared, not objects.\n'
}

module.exports = command({ usage, options, min: 2, max: Infinity, run })
