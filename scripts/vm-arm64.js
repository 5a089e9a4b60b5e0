'use strict'

// npm run test:arm64 [-- --node glibc-24,musl-24 --part rust,smoke,tests,stress --file fork.test.js --only PATTERN --cell churn --trials N --work DIR]: both addons for Linux on
// arm64, cross-built, in an emulated machine (scripts/vm.js): the Rust tests of src/fork, everything once (scripts/smoke.js), the JavaScript tests of forked
// snapshots, cells of the stress matrix. A whole machine, because an emulator of processes knows no seccomp(2), and no child is forked without. What runs inside is vm-arm64/guest.js; what such
// a machine cannot show is named in vm-arm64/lists.js. Exits 1 unless every check held.
//
// The machine's clock counts instructions instead of time, so that nothing is late in it, on however busy a machine.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { build } = require('./build-all')
const { cargo } = require('./cross')
const { TARGETS, addonOf } = require('./targets')
const { LEFT_OUT, LIMITS } = require('./vm-arm64/lists')
const { makeImage, NODES } = require('./vm-arm64/image')
const { boot, partsOf } = require('./vm')
const { CELLS } = require('../__test__/fixtures/fork-stress')

const ROOT = path.join(__dirname, '..')
const PARTS = ['rust', 'smoke', 'tests', 'stress']
const LIBCS = ['glibc', 'musl']
const MEGABYTES = 6144
const ACCEL = 'tcg,thread=single,tb-size=512'
// It counts instructions instead of time, and passes at once while nothing is done: nothing is late in the machine, on however busy a machine.
const CLOCK = ['-icount', 'shift=0,sleep=off']
const MINUTES = 90

const { values } = parseArgs({
  options: {
    // By the beginning of a name: `glibc`, `glibc-24`.
    node: { type: 'string', default: 'glibc-24,musl-24' },
    part: { type: 'string', default: PARTS.join() },
    file: { type: 'string' },
    // A pattern for the titles of the tests to run.
    only: { type: 'string' },
    cell: { type: 'string', multiple: true },
    trials: { type: 'string', default: '1' },
    // Where the image is, kept to be looked at; otherwise a temporary directory that goes away.
    work: { type: 'string' },
    minutes: { type: 'string', default: String(MINUTES) },
    // Takes the addons that are in npm/, without building them.
    built: { type: 'boolean' }
  }
})

main().then((failed) => { process.exitCode = failed ? 1 : 0 }, (error) => {
  console.error(`arm64: ${error.message}`)
  process.exitCode = 1
})

async function main () {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error(`the tools are for Linux on x64, not ${process.platform} on ${process.arch}`)
  const nodes = NODES.filter(({ name }) => values.node.split(',').some((wanted) => name.startsWith(wanted)))
  if (nodes.length === 0) throw new Error(`none of the Nodes is ${values.node}; there are ${NODES.map(({ name }) => name).join(', ')}`)
  const work = values.work ? path.resolve(values.work) : fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-vm-'))
  fs.mkdirSync(work, { recursive: true })
  // However it ends.
  if (!values.work) process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }))
  const parts = partsOf('arm64')
  const plan = { nodes, parts: values.part.split(','), files: testFiles(), only: values.only, cells: cells(), trials: Number(values.trials) }
  const targets = TARGETS.filter(({ os, cpu }) => os === 'linux' && cpu === 'arm64')
  const rustTests = plan.parts.includes('rust') ? buildTests(targets.find(({ libc }) => libc === 'glibc')) : undefined
  const addons = targets.map(addon)
  const seen = { excepted: 0, skipped: 0 }
  const onLine = (line) => {
    if (line.startsWith('except - ')) seen.excepted++
    if (line.startsWith('skip - ')) seen.skipped++
    return false
  }
  // A machine runs on one thread, so there is one for each C library.
  const machines = LIBCS.filter((libc) => nodes.some((node) => node.libc === libc)).map((libc) => {
    const own = path.join(work, libc)
    fs.mkdirSync(own, { recursive: true })
    const its = { ...plan, nodes: nodes.filter((node) => node.libc === libc), parts: plan.parts.filter((part) => part !== 'rust' || libc === 'glibc') }
    return { name: `arm64, ${libc}`, work: own, archive: makeImage({ work: own, parts, plan: its, rustTests, addons }) }
  })
  const minutes = Number(values.minutes)
  const outcomes = await Promise.all(machines.map((one) => boot(parts, { ...one, accel: ACCEL, megabytes: MEGABYTES, processors: 2, args: CLOCK, minutes, onLine })))
  for (const [what, why] of [...LIMITS, ...LEFT_OUT]) console.log(`arm64: not shown: ${what}: ${why}`)
  console.log(`arm64: ${seen.excepted} tests excepted, ${seen.skipped} skipped, ${LIMITS.length} things that such a machine cannot show, ${LEFT_OUT.length} cells left out`)
  return outcomes.some(({ failed }) => failed)
}

function addon (target) {
  const file = path.join(ROOT, 'npm', target.name, addonOf(target))
  if (values.built) return file
  process.stderr.write(`arm64: building ${target.name}\n`)
  return build(target)
}

/** The Rust tests of the core, as a program. */
function buildTests (target) {
  process.stderr.write('arm64: building the Rust tests\n')
  const messages = cargo(target, ['test', '--no-run', '--quiet', '--locked', '--lib', '--no-default-features', '--message-format=json-render-diagnostics'])
  return messages.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)).find(({ executable }) => executable).executable
}

function testFiles () {
  const all = fs.readdirSync(path.join(ROOT, '__test__')).filter((name) => name.endsWith('.test.js'))
  const wanted = values.file ? values.file.split(',') : all.filter((name) => name.startsWith('fork'))
  const unknown = wanted.filter((name) => !all.includes(name))
  if (unknown.length > 0) throw new Error(`there is no __test__/${unknown.join(', ')}`)
  return wanted
}

/** The cells that are not left out. */
function cells () {
  const names = Object.keys(CELLS)
  const strange = LEFT_OUT.map(([name]) => name).filter((name) => !names.includes(name))
  if (strange.length > 0) throw new Error(`vm-arm64/lists.js names cells that are not there: ${strange.join(', ')}`)
  return names.filter((name) => values.cell ? values.cell.includes(name) : !LEFT_OUT.some(([left]) => left === name))
}
