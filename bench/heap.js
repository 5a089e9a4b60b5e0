'use strict'

// How long it takes until all retained sizes of a snapshot are known, and how much memory: heapkit, with the file as V8 wrote it and
// compressed, Chrome DevTools' own code, memlab, and a crate.
//
//   node bench/heap.js [--rounds 3] [--sizes small,150,650] [--only heapkit,devtools] [--json]

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { runChild } = require('./support/child')
const { start, bytes, ms } = require('./support/output')
const { isPeer, titleOf, install } = require('./support/peers')
const { read } = require('./support/reading')
const { median, ratio } = require('./support/stats')

const MAKER = path.join(__dirname, 'support', 'snapshot-file-child.js')
const MB = 1e6
// What a snapshot of nothing but Node.js has, and what a unit of the heap adds to it.
const BARE_BYTES = 5 * MB
const UNIT_BYTES = 48.5e3

/** What is read, and by whom. */
const SIDES = {
  heapkit: { title: 'heapkit' },
  gzip: { title: 'heapkit, .gz', level: 4 },
  zstd: { title: 'heapkit, .zst', level: 1 },
  devtools: { title: titleOf('devtools') },
  memlab: { title: titleOf('memlab') },
  'v8-heap-parser': { title: titleOf('v8-heap-parser') }
}

// Of snapshots that are this large.
const CLAIMED_MB = 650
const TIMES_DEVTOOLS = 5
const TIMES_MEMLAB = 10
const MAX_RSS = 1 / 3
const MAX_GZIP = 1.3

const OPTIONS = {
  rounds: { type: 'string', default: '3' },
  sizes: { type: 'string', default: 'small,150,650' },
  only: { type: 'string', default: Object.keys(SIDES).join() }
}

async function run ({ rounds, sizes, only }, note) {
  const sides = only.split(',')
  const unknown = sides.find((side) => !(side in SIDES))
  if (unknown !== undefined) throw new Error(`--only: there is no side '${unknown}', only ${Object.keys(SIDES).join(', ')}`)
  const peers = installAll(sides.filter(isPeer), note)
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-bench-'))
  try {
    const results = []
    for (const size of sizes.split(',')) {
      results.push(await measure(size, Number(rounds), sides, peers, dir, note))
    }
    return { tables: results.map(toTable), claims: results.flatMap(toClaims), data: { heap: results } }
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

/** By side, where it is, or why it is nowhere. */
function installAll (sides, note) {
  return Object.fromEntries(sides.map((side) => {
    note(`heap: installing ${titleOf(side)}`)
    try {
      return [side, { path: install(side) }]
    } catch (error) {
      return [side, { failed: error.message }]
    }
  }))
}

async function measure (size, rounds, sides, peers, dir, note) {
  note(`heap: ${size}, making the snapshot`)
  const files = await make(size, sides, dir)
  const runs = Object.fromEntries(sides.map((side) => [side, []]))
  const failed = Object.fromEntries(sides.filter((side) => peers[side]?.failed).map((side) => [side, peers[side].failed]))
  for (let round = 0; round < rounds; round++) {
    const turn = round % sides.length
    for (const side of [...sides.slice(turn), ...sides.slice(0, turn)]) {
      // What could not read the file once cannot read it.
      if (failed[side]) continue
      note(`heap: ${size}, round ${round + 1} of ${rounds}, ${side}`)
      const result = await read(side in files ? 'heapkit' : side, (files[side] ?? files.heapkit).path, peers[side]?.path)
      if (result.failed) failed[side] = result.failed
      else runs[side].push(result)
    }
  }
  for (const { path } of Object.values(files)) fs.unlinkSync(path)
  return { size, rounds, files: Object.fromEntries(Object.entries(files).map(([side, { bytes }]) => [side, bytes])), runs, failed }
}

/** The file as V8 writes it, and the same as heapkit's sides read it. */
async function make (size, sides, dir) {
  const file = path.join(dir, `${size}.heapsnapshot`)
  const units = size === 'small' ? 0 : Math.round((Number(size) * MB - BARE_BYTES) / UNIT_BYTES)
  if (!(units >= 0)) throw new Error(`--sizes: '${size}' is neither 'small' nor a number of megabytes`)
  const files = { heapkit: { path: file, bytes: await runChild(MAKER, { units, file }, ['--max-old-space-size=8000']) } }
  for (const compression of ['gzip', 'zstd'].filter((side) => sides.includes(side))) {
    const to = `${file}.${compression === 'gzip' ? 'gz' : 'zst'}`
    const pack = { to, compression, level: SIDES[compression].level }
    files[compression] = { path: to, bytes: await runChild(MAKER, { file, pack }) }
  }
  return files
}

/** The median of the ratios to heapkit's own reading in the same round, if both could read it. */
function toHeapkit ({ runs, failed }, side, metric) {
  if (!runs.heapkit?.length || !runs[side]?.length || failed[side] || failed.heapkit) return undefined
  return ratio(runs[side].map((run) => run[metric]), runs.heapkit.map((run) => run[metric])).median
}

function toTable (result) {
  const { size, rounds, files, runs, failed } = result
  const text = files.heapkit
  const rows = Object.keys(runs).map((side) => {
    const { title } = SIDES[side]
    if (failed[side]) return [`${title}: ${failed[side]}`, 'failed', '-', '-', '-', '-', '-']
    const of = (metric) => median(runs[side].map((run) => run[metric]))
    const times = (metric) => toHeapkit(result, side, metric)?.toFixed(2).concat('x') ?? '-'
    return [
      title, ms(of('seconds') * 1000), times('seconds'), `${Math.round(text / MB / of('seconds'))} MB/s`,
      bytes(of('peakRss')), times('peakRss'), `${(of('peakRss') / text).toFixed(2)}x`
    ]
  })
  const nodes = Object.values(runs).flat()[0]?.nodes.toLocaleString('en-US') ?? 'unknown'
  const packed = ['gzip', 'zstd'].filter((side) => side in files).map((side) => `, as ${side} ${bytes(files[side])}`).join('')
  return {
    title: `Snapshot of ${size === 'small' ? 'a bare Node.js' : `${size} MB`} (${bytes(text)}${packed}; ${nodes} nodes), medians of ${rounds} rounds`,
    head: ['', 'time', 'to heapkit', 'of the text', 'peak RSS', 'to heapkit', 'to the text'],
    rows
  }
}

function toClaims (result) {
  const { size, runs, failed } = result
  const name = size === 'small' ? size : `${size} MB`
  const claims = []
  const claim = (side, text, metric, holds) => {
    if (!('heapkit' in runs && side in runs)) return
    const missing = ['heapkit', side].find((side) => failed[side])
    const value = missing ? undefined : toHeapkit(result, side, metric)
    claims.push({ claim: `${name}: ${text}`, value: missing ? `${missing} failed` : `${value.toFixed(2)}x`, holds: !missing && holds(value) })
  }
  const all = Object.values(runs).flat()
  if (Object.keys(runs).length > 1 && all.length > 0) {
    const seen = [...new Set(all.map(({ nodes, total }) => `${nodes.toLocaleString('en-US')} nodes, ${total.toLocaleString('en-US')} bytes`))]
    claims.push({ claim: `${name}: all that can read it count the same nodes, and the same bytes below the root`, value: seen.join(' or '), holds: seen.length === 1 })
  }
  if (Number(size) >= CLAIMED_MB) {
    claim('devtools', `at least ${TIMES_DEVTOOLS} times as fast as DevTools' code`, 'seconds', (value) => value >= TIMES_DEVTOOLS)
    claim('memlab', `at least ${TIMES_MEMLAB} times as fast as memlab`, 'seconds', (value) => value >= TIMES_MEMLAB)
    claim('devtools', "DevTools' code has at least 3 times heapkit's peak RSS", 'peakRss', (value) => value >= 1 / MAX_RSS)
    claim('gzip', `a .gz takes at most ${MAX_GZIP} times as long as the plain file`, 'seconds', (value) => value <= MAX_GZIP)
  }
  return claims
}

if (require.main === module) {
  start(run, parseArgs({ options: { ...OPTIONS, json: { type: 'boolean' } } }).values)
}
