'use strict'

// heapkit suspects FILE: what retains a good part of a snapshot.

const { openSnapshot } = require('../heap')
const { command, COMMON_USAGE, writeJson, pathText } = require('./command')
const { UsageError } = require('./usage-error')
const { table, bytes, count, percent, short, visible } = require('./table')

const usage = `Usage: heapkit suspects FILE [--threshold PERCENT] [--check] [--partial] [--json]

What retains a good part of the heap, and who holds it: what somebody has many of, and what is large by itself.

Options:
  --threshold PERCENT  the least share of the heap that a suspect retains (10)
  --check              exit with 3 if there are suspects
${COMMON_USAGE}`

const options = { threshold: { type: 'string' }, check: { type: 'boolean' } }

async function run ([file], { threshold = '10', check, json }, { stdout, control }) {
  if (!/^\d+(\.\d+)?$/.test(threshold) || !(Number(threshold) >= 1 && Number(threshold) <= 100)) {
    throw new UsageError(`--threshold must be a percentage from 1 to 100; got ${JSON.stringify(threshold)}`)
  }
  const heap = await openSnapshot(file, control)
  const answer = await heap.suspects({ threshold: Number(threshold) / 100 })
  heap.close()
  if (json) writeJson(stdout, answer)
  else stdout.write(text(answer, threshold))
  return check && answer.suspects.length > 0 ? 3 : 0
}

function text ({ suspects, total }, threshold) {
  if (suspects.length === 0) return `Nothing retains ${threshold} % of the ${bytes(total)}\n`
  return suspects.map((suspect, index) => {
    const { accumulation, path, text, retained, share } = suspect
    const holds = accumulation.holds.length === 0
      ? ''
      : '\n' + indent(table(['HOLDS', 'COUNT', 'RETAINED'], accumulation.holds.map(({ name, count: number, retained }) => [short(name, 60), count(number), bytes(retained)]), ['COUNT', 'RETAINED']))
    return `${index + 1}. ${bytes(retained)} (${percent(share)} of ${bytes(total)})\n   ${visible(text)}.\n   path: ${pathText(path)}\n${holds}`
  }).join('\n')
}

function indent (text) {
  return text.replace(/^(?=.)/gm, '   ')
}

module.exports = command({ usage, options, min: 1, run })
