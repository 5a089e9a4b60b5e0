'use strict'

// heapkit retainers FILE @ID|CLASS: who holds an object, or the objects of a class.

const { openSnapshot } = require('../heap')
const { command, READING_USAGE, integer, stepText } = require('./command')
const { bytes, count, fitting, visible } = require('./table')

const usage = `Usage: heapkit retainers FILE @ID|CLASS [--paths N] [--source-maps DIR]… [--partial] [--force] [--json]

Shortest paths from roots to the object with V8's id ID, or to the objects of the class CLASS. Paths that differ only in
indices and keys are one path, with a count, and so are steps that repeat. An answer with as many paths as by default has 200
lines at most: of longer paths the middle is left out (--json has more of it).

Options:
  --paths N   how many paths (10)
${READING_USAGE}`

/** Lines of an answer about any heap, unless more paths are asked for than fit. */
const LINES = 200
/** Those that are about no path, and those about each that are no steps. */
const OTHER_LINES = 4
const LINES_AROUND = 2
const FEWEST_STEPS = 6

const options = { paths: { type: 'string' } }

async function run ([file, target], { paths, json }, { output, control }) {
  const wanted = { paths: integer(paths, 'paths', 10) }
  const heap = await openSnapshot(file, control)
  const answer = await heap.retainers(target, wanted)
  heap.close()
  if (json) return output.json(answer)
  output.write(text(answer).split('\n').map((line) => fitting(line, output.width)).join('\n'))
}

function text ({ name, id, count: number, shallow, retained, pathCount, paths }) {
  const what = id === null ? `${count(number)} ${visible(name)}` : `${visible(name)} @${id}`
  const most = stepsEach(paths)
  const shown = paths.map(({ count: alike, retained, steps }, index) => {
    const head = `${index + 1}. ${id === null ? `${count(alike)} of them, retaining ${bytes(retained)}` : alike === 1 ? 'one path' : `${count(alike)} paths like this`}\n`
    return head + withoutMiddle(steps, most).map(line).join('')
  })
  const more = pathCount > paths.length ? `\n… ${count(pathCount - paths.length)} more (--paths)\n` : ''
  return `${what}: ${bytes(shallow)}, retaining ${bytes(retained)}\n\n${shown.join('\n')}${more}`
}

function line (step, depth) {
  return `   ${'  '.repeat(Math.min(depth, 30))}${visible(stepText(step))}${step.count === undefined ? ` @${step.id}` : ''}\n`
}

/** How many steps a path may have so that the whole answer has no more lines than anybody reads; short paths leave more to the others. */
function stepsEach (paths) {
  let left = LINES - OTHER_LINES - paths.length * LINES_AROUND
  for (const [index, length] of paths.map(({ steps }) => steps.length).sort((a, b) => a - b).entries()) {
    const most = Math.floor(left / (paths.length - index))
    if (length > most) return Math.max(most, FEWEST_STEPS)
    left -= length
  }
  return Infinity
}

/** The first steps and the last ones, and how many are between them. */
function withoutMiddle (steps, most) {
  if (steps.length <= most) return steps
  const first = Math.floor(most / 3)
  const last = first + steps.length - most + 1
  const left = steps.slice(first, last).reduce((sum, { count = 1 }) => sum + count, 0)
  return [...steps.slice(0, first), { name: '', by: '', count: left }, ...steps.slice(last)]
}

module.exports = command({ usage, options, run })
