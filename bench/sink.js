'use strict'

// The background writer against node:zlib's streaming gzip at the same levels, on the text of a real heap snapshot; and with
// redaction against without.
//
//   node bench/sink.js [--rounds 5] [--size 50] [--input FILE.heapsnapshot] [--json]

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { runChild } = require('./support/child')
const { makeInput } = require('./support/input')
const { start, bytes, times, ratioText } = require('./support/output')
const { median, ratio } = require('./support/stats')

const CHILD = path.join(__dirname, 'support', 'sink-child.js')
const MB = 1e6
const LEVELS = [1, 4, 6]
const ZSTD_LEVEL = 1
const MIN_REDACTED = 0.7

const OPTIONS = {
  rounds: { type: 'string', default: '5' },
  size: { type: 'string', default: '50' },
  input: { type: 'string' }
}

async function run ({ rounds, size, input }, note) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-bench-'))
  try {
    note('sink: making a snapshot to work on')
    input ??= await makeInput(dir, Number(size))
    const rawBytes = fs.statSync(input).size
    const results = await measure({ dir, input, rounds: Number(rounds) }, note)
    return { tables: [toTable(results, rawBytes, rounds), toRedactTable(results, rawBytes, rounds)], claims: toClaims(results), data: { sink: { rawBytes, results } } }
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

async function measure ({ dir, input, rounds }, note) {
  const contests = [
    ...LEVELS.map((level) => ({ name: `gzip ${level}`, compression: 'gzip', level, sides: ['heapkit', 'zlib'] })),
    // Node.js 20 has no zstd to compare with.
    { name: `zstd ${ZSTD_LEVEL}`, compression: 'zstd', level: ZSTD_LEVEL, sides: ['heapkit'] },
    // What the rest of the sink costs: queue, digest, file.
    { name: 'none', compression: 'none', level: 0, sides: ['heapkit'] },
    { name: 'gzip 4, redacted', compression: 'gzip', level: 4, sides: ['heapkit', 'redacted'] },
    { name: 'zstd 1, redacted', compression: 'zstd', level: 1, sides: ['heapkit', 'redacted'] }
  ].map((contest) => ({ ...contest, heapkit: [], zlib: [], redacted: [] }))
  for (let round = 0; round < rounds; round++) {
    for (const contest of contests) {
      const { name, compression, level, sides } = contest
      note(`sink: round ${round + 1} of ${rounds}, ${name}`)
      for (const side of round % 2 === 0 ? sides : sides.toReversed()) {
        contest[side].push(await runChild(CHILD, { side, input, dir, compression, level }))
      }
    }
  }
  return contests.map(({ name, heapkit, zlib, redacted }) => ({
    name,
    heapkit,
    zlib,
    redacted,
    ...(redacted.length && { share: ratio(heapkit.map(({ seconds }) => seconds), redacted.map(({ seconds }) => seconds)) }),
    ...(zlib.length && {
      speed: ratio(zlib.map(({ seconds }) => seconds), heapkit.map(({ seconds }) => seconds)),
      size: heapkit[0].bytes / zlib[0].bytes
    })
  }))
}

function toTable (results, rawBytes, rounds) {
  const rate = (runs) => runs.length ? `${(rawBytes / MB / median(runs.map(({ seconds }) => seconds))).toFixed(0)} MB/s` : '-'
  const cpu = (runs) => runs.length ? `${median(runs.map(({ cpuSeconds }) => cpuSeconds)).toFixed(2)} s` : '-'
  const size = (runs) => runs.length ? `${bytes(runs[0].bytes)} (1/${(rawBytes / runs[0].bytes).toFixed(2)})` : '-'
  return {
    title: `Background writer on a heap snapshot of ${bytes(rawBytes)}, medians of ${rounds} rounds, until synced to the disk`,
    head: ['', 'heapkit', 'node:zlib', 'heapkit / zlib (95 %)', 'CPU heapkit', 'CPU zlib', 'size heapkit', 'size zlib', 'size ratio'],
    rows: results.filter(({ redacted }) => redacted.length === 0).map(({ name, heapkit, zlib, speed, size: sizeRatio }) => [
      name, rate(heapkit), rate(zlib), speed ? ratioText(speed) : '-', cpu(heapkit), cpu(zlib), size(heapkit), size(zlib), speed ? times(sizeRatio) : '-'
    ])
  }
}

function toRedactTable (results, rawBytes, rounds) {
  const rate = (runs) => `${(rawBytes / MB / median(runs.map(({ seconds }) => seconds))).toFixed(0)} MB/s`
  return {
    title: `The same with redaction, medians of ${rounds} rounds`,
    head: ['', 'redacted', 'not redacted', 'redacted / not (95 %)', 'size redacted', 'size not redacted'],
    rows: results.filter(({ share }) => share).map(({ name, heapkit, redacted, share }) => [
      name.replace(', redacted', ''), rate(redacted), rate(heapkit), ratioText(share), bytes(redacted[0].bytes), bytes(heapkit[0].bytes)
    ])
  }
}

function toClaims (results) {
  const { share } = results.find(({ name }) => name === 'gzip 4, redacted')
  return [{ claim: 'redaction at capture costs at most 30 % of the writer\'s throughput, gzip 4', value: `${((1 - share.median) * 100).toFixed(1)} %`, holds: share.median >= MIN_REDACTED }]
}

if (require.main === module) {
  start(run, parseArgs({ options: { ...OPTIONS, json: { type: 'boolean' } } }).values)
}

module.exports = { run, OPTIONS }
