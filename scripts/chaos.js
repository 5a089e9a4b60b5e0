'use strict'

// npm run test:chaos [-- --seed N --only PART --node VERSION --times N]: what happens to services, at random moments: clients that go away, aborts,
// SIGKILL to the service and to its child, workers that end, disks that freeze. Afterwards nothing is left, and the next capture works.
// The seed of each part is printed; `--seed` repeats it. Exits 1 when anything does not hold. Linux only.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { table } = require('../lib/cli/table')
const { NODES, install } = require('./matrix')
const { randomFrom } = require('./chaos/random')

const PARTS = {
  disconnects: require('./chaos/disconnects').run,
  aborts: require('./chaos/aborts').run,
  'killed service': require('./chaos/killed').service,
  'killed child': require('./chaos/killed').child,
  workers: require('./chaos/workers').run,
  'frozen disk': require('./chaos/frozen-disk').run
}

const { values } = parseArgs({
  options: { seed: { type: 'string' }, only: { type: 'string', multiple: true }, node: { type: 'string' }, times: { type: 'string' } }
})

async function main () {
  if (process.platform !== 'linux') {
    console.log('chaos: looks at /proc, which only Linux has; nothing to do')
    return
  }
  const parts = Object.keys(PARTS).filter((part) => !values.only || values.only.includes(part))
  const versions = NODES.filter((version) => version.split('.')[0] === (values.node ?? process.versions.node.split('.')[0]))
  if (parts.length === 0 || versions.length === 0) {
    console.error(`chaos: nothing to do. Parts: ${Object.keys(PARTS).join(' | ')}. Nodes: ${NODES.join(', ')}`)
    process.exitCode = 2
    return
  }
  const rows = []
  for (const version of versions) {
    for (const part of parts) rows.push(await one(part, version))
  }
  console.log(table(['NODE', 'PART', 'SEED', 'TOOK', 'RESULT', 'SEEN'], rows, ['TOOK']))
  if (rows.some(([, , , , result]) => result === 'FAILED')) process.exitCode = 1
}

async function one (part, version) {
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
  process.stderr.write(`Node ${version}, ${part}, seed ${seed} … `)
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-chaos-'))
  const began = performance.now()
  let result = 'passed'
  let seen
  try {
    seen = await PARTS[part]({ node: install(version), dir, random: randomFrom(seed), ...(values.times && { times: Number(values.times) }) })
    if (seen.skipped) [result, seen] = ['skipped', seen.skipped]
  } catch (error) {
    [result, seen] = ['FAILED', error.message]
  }
  // What a mount that could not be removed holds is not ours to delete.
  if (result !== 'FAILED') fs.rmSync(dir, { recursive: true })
  const took = `${((performance.now() - began) / 1000).toFixed(1)} s`
  process.stderr.write(`${result}, ${took}\n`)
  return [version.split('.')[0], part, String(seed), took, result, seen]
}

main()
