'use strict'

// npm run build:all [-- linux-x64-musl …]: cross-builds the addon of every platform that can be built here, each into its package in npm/, and prints
// what came of it. It needs Linux on x64 with Debian's apt, Python's pip and cargo; all else it sets up in .cross/ (scripts/cross.js).

const fs = require('node:fs')
const path = require('node:path')
const { table } = require('../lib/cli/table')
const { CROSS, cargo } = require('./cross')
const { needsOf } = require('./binary')
const { TARGETS, addonOf } = require('./targets')

const ROOT = path.join(__dirname, '..')

/** Builds the addon of a target; answers its path. */
function build (target) {
  const { name, triple, os } = target
  cargo(target, ['zigbuild', '--quiet', '--release', '--locked', '--lib'])
  const built = path.join(CROSS, 'target', triple, 'release', os === 'darwin' ? 'libheapkit.dylib' : 'libheapkit.so')
  const addon = path.join(ROOT, 'npm', name, addonOf(target))
  fs.copyFileSync(built, addon)
  return addon
}

function row (target) {
  const { name, triple, reason } = target
  if (reason) return { cells: [name, triple, '', '', '', `not built: ${reason}`] }
  process.stderr.write(`build: ${name}\n`)
  const began = Date.now()
  const seconds = () => ((Date.now() - began) / 1000).toFixed(0)
  try {
    const addon = build(target)
    return { cells: [name, triple, fs.statSync(addon).size.toLocaleString('en-US'), seconds(), needsOf(addon, target), ''] }
  } catch (error) {
    console.error(`build: ${name}: ${error.message}\n${error.stderr?.slice(-4000) ?? ''}`)
    return { failed: true, cells: [name, triple, '', seconds(), '', 'FAILED'] }
  }
}

function main (only) {
  const unknown = only.filter((one) => !TARGETS.some(({ name }) => name === one))
  if (unknown.length > 0) {
    console.error(`build: there is no platform ${unknown.join(', ')}; there are ${TARGETS.map(({ name }) => name).join(', ')}`)
    process.exit(2)
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    console.error(`build: the tools are for Linux on x64, not ${process.platform} on ${process.arch}; nothing was built`)
    process.exit(1)
  }
  const rows = TARGETS.filter(({ name }) => only.length === 0 || only.includes(name)).map(row)
  console.log(table(['PACKAGE', 'TARGET', 'BYTES', 'SECONDS', 'NEEDS', 'NOTE'], rows.map(({ cells }) => cells), ['BYTES', 'SECONDS']))
  process.exitCode = rows.some(({ failed }) => failed) ? 1 : 0
}

if (require.main === module) main(process.argv.slice(2))

module.exports = { build }
