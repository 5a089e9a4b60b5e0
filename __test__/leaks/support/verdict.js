'use strict'

// Whether `heapkit diff` names a leak: what its first line says, and whether its lines add up. This is the one place that knows how the answer looks.

const { PassThrough } = require('node:stream')
const { text: textOf } = require('node:stream/consumers')
const { main } = require('../../../lib/cli/main')

/** The share of the growth by which the lines may differ from it. */
const TOLERANCE = 0.03
/** How far the growth may be from what a leak states, before that is taken for a mistake in the leak. */
const FACTOR = 2
/** Lines that follow the first and would have made it nearly right. */
const NEXT = 2

const VERDICTS = ['named', 'near', 'wrong']

/** By the text that people see, and the JSON of all lines: { verdict, why, line, explained }. */
function judge (leak, text, diff) {
  const growth = diff.sizeDelta
  const explained = diff.paths.reduce((sum, { sizeDelta }) => sum + sizeDelta, 0) / growth
  const [first = 'Nothing grew', ...next] = growthLines(text)
  const perCall = Math.round(growth / (leak.calls[1] + leak.calls[2]))
  if (perCall < leak.bytes / FACTOR || perCall > leak.bytes * FACTOR) throw new Error(`It grew by ${perCall} bytes a call, not by about ${leak.bytes}: the leak states the wrong \`bytes\`, or does not leak`)
  return { ...first === 'Nothing grew' ? { verdict: 'wrong', why: 'no line' } : named(leak, first, next, diff.paths[0]), line: first, explained }
}

/** Each line of growth, without the columns that follow what grew and who holds it. */
function growthLines (text) {
  const lines = text.split('\n')
  const head = lines.findIndex((line) => /^ *GROWTH +WHAT/.test(line))
  if (head === -1) return []
  const [from, to] = [lines[head].indexOf('WHAT'), lines[head].search(/(GREW|COUNTS)\b/)]
  const rows = lines.slice(head + 2, lines.indexOf('', head))
  return rows.filter((row) => /^ *[+-]/.test(row)).map((row) => row.slice(from, to).trim())
}

function named (leak, first, next, { name, heldBy, countDelta }) {
  const json = `${name} held by ${heldBy}`
  const missing = [first, json].flatMap((line) => missingIn(leak, line))
  if (missing.length > 0) {
    const half = isHalf(leak, first)
    const later = next.slice(0, NEXT).findIndex((line) => missingIn(leak, line).length === 0)
    if (later !== -1) return { verdict: 'near', why: `line ${later + 2} has it: ${next[later]}` }
    return { verdict: half ? 'near' : 'wrong', why: `lacks ${[...new Set(missing)].join(', ')}` }
  }
  if (leak.count !== undefined) {
    const wanted = leak.count * (leak.calls[1] + leak.calls[2])
    if (Math.abs(countDelta - wanted) > wanted * TOLERANCE) return { verdict: 'near', why: `counts ${countDelta}, not ${wanted}` }
  }
  return { verdict: 'named', why: '' }
}

/** Whether the thing is named, or the first that is said of the holder. */
function isHalf ({ holder: [first], thing }, line) {
  return thing.test(line) || first.test(line)
}

function missingIn ({ holder, thing }, line) {
  return [...holder, thing].filter((pattern) => !pattern.test(line))
}

/** What the command line prints. */
async function output (args) {
  const into = new PassThrough()
  const printed = textOf(into)
  const code = await main(args, { stdout: into, stderr: into })
  into.end()
  const text = await printed
  if (code !== 0) throw new Error(`heapkit ${args[0]} answered ${code}: ${text}`)
  return text
}

/** Whether the lines add up to the growth, none counted twice. */
const addsUp = ({ explained }) => Math.abs(explained - 1) <= TOLERANCE

/** The worst of some, and the one that says why. */
function worst (judgements) {
  return judgements.reduce((a, b) => VERDICTS.indexOf(b.verdict) > VERDICTS.indexOf(a.verdict) ? b : a)
}

module.exports = { VERDICTS, judge, isHalf, missingIn, output, addsUp, worst }
