'use strict'

// Whether the estimate of what a forked snapshot needs is right: services with heaps of one kind of thing each, in control groups of
// several sizes. Needs control groups (version 1), and root.
//
//   node bench/memory.js [--sizes 25,75] [--groups 500,1000,1500,2000,3000] [--kinds strings,objects,…] [--at-once 2] [--json]

const { execFile } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { parseArgs, promisify } = require('node:util')
const { kinds: KINDS } = require('./support/heaps')
const { start } = require('./support/output')

const CHILD = path.join(__dirname, 'support', 'memory-child.js')
const ROOT = '/sys/fs/cgroup/memory'
const IN_GROUP = ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"']
const MIB = 2 ** 20
const RESERVE = 64 * MIB
const MAX_KILLED = 0.05
// More than any of them needs; what they really need is measured in it.
const PLENTY = 12_000

const OPTIONS = {
  sizes: { type: 'string', default: '25,75' },
  groups: { type: 'string', default: '500,1000,1500,2000,3000' },
  kinds: { type: 'string', default: KINDS.join(',') },
  'at-once': { type: 'string', default: '2' }
}

async function run (values, note) {
  const [sizes, groups] = [values.sizes, values.groups].map((list) => list.split(',').map(Number))
  const heaps = values.kinds.split(',').flatMap((kind) => sizes.map((megabytes) => ({ kind, megabytes, cells: [] })))
  const tasks = heaps.flatMap((heap) => [PLENTY, ...groups].map((limit) => ({ heap, limit })))
  let done = 0
  await inTurns(tasks, Number(values['at-once']), async ({ heap, limit }) => {
    const { kind, megabytes } = heap
    const result = await measure({ kind, megabytes, truth: limit === PLENTY }, limit)
    if (limit === PLENTY) heap.truth = result
    else heap.cells[groups.indexOf(limit)] = result
    note(`memory: ${++done} of ${tasks.length}`)
  })
  for (const { truth, cells } of heaps) {
    for (const cell of cells) cell.fits = truth.need + RESERVE <= cell.available
  }
  return report(heaps, groups)
}

async function inTurns (tasks, atOnce, work) {
  const left = [...tasks]
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (left.length > 0) await work(left.shift())
  }))
}

let made = 0

async function measure (task, megabytes) {
  const group = path.join(ROOT, `heapkit-bench-${process.pid}-${made++}`)
  fs.mkdirSync(group)
  try {
    fs.writeFileSync(path.join(group, 'memory.limit_in_bytes'), String(megabytes * 1e6))
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HEAPKIT_|NODE_OPTIONS$)/.test(name)))
    const { stdout } = await promisify(execFile)('/bin/sh', [...IN_GROUP, group, process.execPath, '--max-old-space-size=4000', CHILD, JSON.stringify({ ...task, group })], { env })
    const result = JSON.parse(stdout.trim().split('\n').at(-1))
    if (result.outcome === 'failed' || (task.truth && result.outcome !== 'delivered')) throw new Error(`${JSON.stringify(task)}: ${result.message}`)
    return result
  } finally {
    fs.rmdirSync(group)
  }
}

function report (heaps, groups) {
  const cells = heaps.flatMap((heap) => heap.cells)
  const count = (outcome) => cells.filter((cell) => cell.outcome === outcome).length
  // A child that is killed while it counts had been let in as well.
  const counting = count('killed, counting')
  const [delivered, killed] = [count('delivered'), count('killed') + counting]
  const refused = cells.filter(({ outcome }) => outcome === 'refused' || outcome === 'counted')
  const missed = refused.filter(({ fits }) => fits).length
  const share = killed / Math.max(1, delivered + killed)
  const mib = (bytes) => bytes === undefined ? '' : String(Math.round(bytes / MIB))
  return {
    tables: [{
      title: 'Forked snapshots in control groups, in MB; need and estimate in MiB. "refused": at once; "counted": refused when the child had counted; "?": it would have fit',
      head: ['heap', 'used', 'need', 'of used', 'estimate', 'of need', ...groups.map(String)],
      rows: heaps.map(({ kind, truth, cells }) => [
        kind, mib(truth.used), mib(truth.need), `${(truth.need / truth.used).toFixed(1)}x`, mib(truth.estimate),
        truth.estimate === undefined ? '' : `${(truth.estimate / truth.need).toFixed(2)}x`,
        ...cells.map(({ outcome, fits }) => `${outcome.replace('killed', 'KILLED')}${fits && outcome !== 'delivered' ? '?' : ''}`)
      ])
    }],
    claims: [{
      claim: 'at most 5 % of the snapshots that were begun are killed for memory',
      value: `${killed} of ${delivered + killed} (${counting} of them while counting); ${refused.length} were refused (${count('refused')} at once), ${missed} of which would have fit`,
      holds: delivered > 0 && share <= MAX_KILLED
    }],
    data: { memory: heaps }
  }
}

if (require.main === module) {
  start(run, parseArgs({ options: { ...OPTIONS, json: { type: 'boolean' } } }).values)
}
