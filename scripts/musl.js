'use strict'

// npm run test:musl [-- --all --node 20,24 --part install,fork,suite,stress --trials N --cell churn]: heapkit where musl is the C library, as in node:alpine, natively. It
// builds the addon, lints for musl, and runs on each Node that PyPI has for musl, in roots that are set up from nothing (scripts/musl/root.js):
//
//   install  in an Alpine-like root without glibc: `npm install` of the packed tarballs, and everything once (scripts/smoke.js)
//   fork     the tests of forked snapshots
//   suite    all JavaScript tests
//   stress   the stress matrix, in the Alpine-like root
//
// Without options it takes what SHORT says; --all takes all parts on all Nodes. It needs Debian on x64, and root for the roots.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { build } = require('./build-all')
const { cargo } = require('./cross')
const { VERSIONS, compilers, inRoot } = require('./musl/root')
const { packThese } = require('./pack')
const { TARGETS, addonOf } = require('./targets')

const ROOT = path.join(__dirname, '..')
const TARGET = TARGETS.find(({ name }) => name === 'linux-x64-musl')

const PARTS = { install, fork, suite, stress }
/** For every change; what CI has time for. */
const SHORT = ['install', 'fork', 'stress']
const ALL = ['install', 'suite', 'stress']

/** What a user does on Alpine; the programs that look are laid into the installed package. */
function install (version) {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-musl-'))
  try {
    const tarballs = packThese(work, [{ target: TARGET, addon: path.join(ROOT, 'npm', TARGET.name, addonOf(TARGET)) }])
    fs.writeFileSync(path.join(work, 'package.json'), '{"name":"app","private":true}\n')
    // Offline: whatever is needed must be in the tarballs.
    const status = inRoot('bare', version, ['npm', 'install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs], { cwd: work })
    if (status !== 0) return status
    const scripts = path.join(work, 'node_modules', 'heapkit', 'scripts')
    fs.mkdirSync(scripts)
    for (const name of ['smoke.js', 'targets.js']) fs.copyFileSync(path.join(__dirname, name), path.join(scripts, name))
    return inRoot('bare', version, ['node', path.join(scripts, 'smoke.js')], { cwd: work })
  } finally {
    fs.rmSync(work, { recursive: true })
  }
}

function fork (version) {
  const files = fs.readdirSync(path.join(ROOT, '__test__')).filter((name) => /^fork.*\.test\.js$/.test(name))
  return tests(version, files.map((name) => path.join('__test__', name)))
}

function suite (version) {
  return tests(version, [])
}

function tests (version, files) {
  // Not within a test's time: the first build of a C++ addon builds zig's C++ library, too.
  prepareCells(version, ['--cell', 'hostile addon'])
  return inRoot('tools', version, ['node', 'scripts/test-js.js', ...files], { cwd: ROOT, env: compilers() })
}

function stress (version, { trials, cells }) {
  const only = cells.flatMap((cell) => ['--cell', cell])
  prepareCells(version, only)
  return inRoot('bare', version, ['node', 'scripts/fork-stress.js', '--node', version, '--trials', trials, ...only], { cwd: ROOT })
}

/** In the root where there are a registry and compilers. What cannot be had is a failure of its cell, later. */
function prepareCells (version, only) {
  inRoot('tools', version, ['node', 'scripts/fork-stress.js', '--node', version, '--prepare', ...only], { cwd: ROOT, env: compilers() })
}

function chosen () {
  const { values } = parseArgs({
    options: { all: { type: 'boolean' }, node: { type: 'string' }, part: { type: 'string' }, trials: { type: 'string', default: '1' }, cell: { type: 'string', multiple: true, default: [] } }
  })
  const versions = VERSIONS.filter((version) => !values.node || values.node.split(',').some((one) => version === one || version.startsWith(`${one}.`)))
  const parts = values.part?.split(',')
  const unknown = parts?.filter((part) => !(part in PARTS)) ?? []
  if (versions.length === 0 || unknown.length > 0 || !(Number(values.trials) > 0)) {
    console.error(`musl: nothing to do. Nodes: ${VERSIONS.join(', ')}. Parts: ${Object.keys(PARTS).join(', ')}`)
    process.exit(2)
  }
  const plan = versions.map((version) => ({ version, parts: parts ?? (values.all ? ALL : SHORT) }))
  return { plan, settings: { trials: values.trials, cells: values.cell } }
}

/** Builds and lints; the addon is where the tests look for it, too. */
function prepare () {
  const addon = build(TARGET)
  fs.copyFileSync(addon, path.join(ROOT, 'lib', addonOf(TARGET)))
  console.log(`musl: ${addonOf(TARGET)} has ${fs.statSync(addon).size.toLocaleString('en-US')} bytes`)
  cargo(TARGET, ['clippy', '--quiet', '--locked', '--all-targets'], ['--', '-D', 'warnings'])
  console.log('musl: clippy found nothing')
}

function main () {
  const { plan, settings } = chosen()
  if (process.platform !== 'linux' || process.arch !== 'x64' || process.getuid() !== 0) {
    console.error(`musl: needs Debian on x64 and root, for mount namespaces; this is ${process.platform} on ${process.arch}, user ${process.getuid?.()}; nothing was run`)
    process.exit(1)
  }
  prepare()
  const failed = []
  for (const { version, parts } of plan) {
    for (const part of parts) {
      const began = Date.now()
      console.log(`\nmusl: Node ${version}, ${part}`)
      const status = PARTS[part](version, settings)
      console.log(`musl: Node ${version}, ${part}: ${status === 0 ? 'passed' : 'FAILED'} in ${((Date.now() - began) / 1000).toFixed(0)} s`)
      if (status !== 0) failed.push(`Node ${version}, ${part}`)
    }
  }
  console.log(failed.length === 0 ? 'musl: all passed' : `musl: FAILED: ${failed.join('; ')}`)
  process.exitCode = failed.length === 0 ? 0 : 1
}

main()
