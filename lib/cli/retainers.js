'use strict'

// heapkit retainers FILE @ID|CLASS: who holds an object, or the objects of a class.

const { openSnapshot } = require('../heap')
const { command, READING_USAGE, integer } = require('./command')
const { bytes, count, fitting, visible } = require('./table')

const usage = `Usage: heapkit retainers FILE @ID|CLASS [--paths N] [--partial] [--force] [--json]

Shortest paths from roots to the object with V8's id ID, or to the objects of the class CLASS. Paths that differ only in
indices and keys are one path, with a count.

Options:
  --paths N   how many paths (10)
${READING_USAGE}`

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
  const shown = paths.map(({ count: alike, retained, steps }, index) => {
    const head = `${index + 1}. ${id === null ? `${count(alike)} of them, retaining ${bytes(retained)}` : alike === 1 ? 'one path' : `${count(alike)} paths like this`}\n`
    return head + steps.map(({ name, by, id }, depth) => `   ${'  '.repeat(Math.min(depth, 30))}${visible(by ? `${by} ${name}` : name)} @${id}\n`).join('')
  })
  const more = pathCount > paths.length ? `\n… ${count(pathCount - paths.length)} more (--paths)\n` : ''
  return `${what}: ${bytes(shallow)}, retaining ${bytes(retained)}\n\n${shown.join('\n')}${more}`
}

module.exports = command({ usage, options, run })
