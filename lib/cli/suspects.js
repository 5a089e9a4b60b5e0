'use strict'

// heapkit suspects FILE: what retains a good part of a snapshot.

const { openSnapshot } = require('../heap')
const { command, READING_USAGE, pathText } = require('./command')
const { UsageError } = require('./usage-error')
const { PATH_WIDTH, table, bytes, count, percent, short, wrapped, visible } = require('./table')

const INDENT = '   '

const usage = `Usage: heapkit suspects FILE [--threshold PERCENT] [--check] [--source-maps DIR]… [--partial] [--force] [--json]

What retains a good part of the heap, and who holds it: what somebody has many of, and what is large by itself.

Options:
  --threshold PERCENT  the least share of the heap that a suspect retains (10)
  --check              exit with 3 if there are suspects
${READING_USAGE}`

const options = { threshold: { type: 'string' }, check: { type: 'boolean' } }

async function run ([file], { threshold = '10', check, json }, { output, control }) {
  if (!/^\d+(\.\d+)?$/.test(threshold) || !(Number(threshold) >= 1 && Number(threshold) <= 100)) {
    throw new UsageError(`--threshold must be a percentage from 1 to 100; got ${JSON.stringify(threshold)}`)
  }
  const heap = await openSnapshot(file, control)
  const answer = await heap.suspects({ threshold: Number(threshold) / 100 })
  heap.close()
  if (json) output.json(answer)
  else output.write(text(answer, threshold, output.width))
  return check && answer.suspects.length > 0 ? 3 : 0
}

function text ({ suspects, total }, threshold, width) {
  if (suspects.length === 0) return `Nothing retains ${threshold} % of the ${bytes(total)}\n`
  const room = width - INDENT.length
  return suspects.map(({ accumulation, path, text, retained, share }, index) => [
    `${index + 1}. ${bytes(retained)} (${percent(share)} of ${bytes(total)})`,
    ...indented(wrapped(`${visible(text)}.`, room).map((line) => short(line, room))),
    ...indented([`path: ${pathText(path, Math.min(room, PATH_WIDTH) - 'path: '.length)}`]),
    ...(accumulation.holds.length === 0 ? [] : ['', ...indented(holds(accumulation, room))]),
    ''
  ].join('\n')).join('\n')
}

function holds ({ holds }, width) {
  const rows = holds.map(({ name, count: number, retained }) => [short(name, 60), count(number), bytes(retained)])
  return table(['HOLDS', 'COUNT', 'RETAINED'], rows, ['COUNT', 'RETAINED'], { width, cut: { HOLDS: short } }).trimEnd().split('\n')
}

function indented (lines) {
  return lines.map((line) => INDENT + line)
}

module.exports = command({ usage, options, run })
