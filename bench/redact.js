'use strict'

// What redaction at capture costs the background writer: the text of one real heap snapshot as it is, redacted, and redacted with `strict`, in turn.
//
//   node bench/redact.js [--rounds 5] [--size 125] [--input FILE.heapsnapshot] [--json]

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { runChild } = require('./support/child')
const { makeInput } = require('./support/input')
const { start, bytes, ms, ratioText } = require('./support/output')
const { median, ratio } = require('./support/stats')

const CHILD = path.join(__dirname, 'support', 'sink-child.js')
/** As sink-child.js calls them, and as the table does. */
const SIDES = { heapkit: 'off', redacted: 'default', strict: 'strict' }
const CODECS = [
  { name: 'zstd 1', compression: 'zstd', level: 1 },
  { name: 'gzip 4', compression: 'gzip', level: 4 },
  { name: 'none', compression: 'none', level: 0 }
]
const CLAIMED = 'zstd 1'
const MAX_RATIO = 1.2

const OPTIONS = {
  rounds: { type: 'string', default: '5' },
  size: { type: 'string', default: '125' },
  input: { type: 'string' }
}

async function run ({ rounds, size, input }, note) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-bench-'))
  try {
    note('redact: making a snapshot to work on')
    input ??= await makeInput(dir, Number(size))
    const rawBytes = fs.statSync(input).size
    const results = await measure({ dir, input, rounds: Number(rounds) }, note)
    return { tables: [toTable(results, rawBytes, rounds)], claims: toClaims(results), data: { redact: { rawBytes, results } } }
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

async function measure ({ dir, input, rounds }, note) {
  const results = CODECS.map((codec) => ({ ...codec, runs: Object.fromEntries(Object.keys(SIDES).map((side) => [side, []])) }))
  const sides = Object.keys(SIDES)
  for (let round = 0; round < rounds; round++) {
    const turn = round % sides.length
    for (const { name, compression, level, runs } of results) {
      for (const side of [...sides.slice(turn), ...sides.slice(0, turn)]) {
        note(`redact: round ${round + 1} of ${rounds}, ${name}, ${SIDES[side]}`)
        runs[side].push(await runChild(CHILD, { side, input, dir, compression, level }))
      }
    }
  }
  return results
}

/** The median of the ratios to the same round without redaction. */
function toOff ({ runs }, side, metric) {
  return ratio(runs[side].map((run) => run[metric]), runs.heapkit.map((run) => run[metric]))
}

function toTable (results, rawBytes, rounds) {
  const rows = results.flatMap((result) => Object.entries(SIDES).map(([side, title]) => {
    const of = (metric) => median(result.runs[side].map((run) => run[metric]))
    const times = (metric) => side === 'heapkit' ? '-' : ratioText(toOff(result, side, metric))
    return [
      `${result.name}, ${title}`, ms(of('seconds') * 1000), times('seconds'), ms(of('writerSeconds') * 1000), times('writerSeconds'), bytes(of('bytes'))
    ]
  }))
  return {
    title: `Redaction of a heap snapshot of ${bytes(rawBytes)} on its way to the disk, medians of ${rounds} rounds`,
    head: ['', 'time', 'to off (95 %)', 'CPU of the writer', 'to off (95 %)', 'size'],
    rows
  }
}

function toClaims (results) {
  const result = results.find(({ name }) => name === CLAIMED)
  return [['seconds', 'time'], ['writerSeconds', 'processor time']].map(([metric, title]) => {
    const { median } = toOff(result, 'redacted', metric)
    return { claim: `${CLAIMED}: redaction takes at most ${MAX_RATIO} times the writer's ${title} without`, value: `${median.toFixed(3)}x`, holds: median <= MAX_RATIO }
  })
}

if (require.main === module) {
  start(run, parseArgs({ options: { ...OPTIONS, json: { type: 'boolean' } } }).values)
}
