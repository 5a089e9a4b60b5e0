'use strict'

// npm run test:matrix: the JavaScript tests of the one built binary on every supported Node, and on the lowest, where Node's test runner lacks what they
// need, everything once (scripts/smoke.js); with --others not on the version that runs this, where `npm test` has run them, and between that
// and the newest only those of what is V8's: the others have been run on both ends. The Nodes come as npm packages
// into .matrix/, a folder of their own: they are no dependencies of heapkit.

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { engines } = require('../package.json')
const musl = require('./musl/root')
const { isMusl } = require('./targets')
const { runTests } = require('./test-js')

const VERSIONS = ['20.20.2', '22.23.3', '24.21.0', '26.10.0']
const LOWEST = engines.node.replace('>= ', '')

/** What depends on V8 more than on Node.js. */
const NEAR_V8 = /^(fork.*|snapshot|stream|sampling|timeline|cpu|threads|formats|profile|object-ids|read-out|workers|lifecycle|heap.*)\.test\.js$/

const ROOT = path.join(__dirname, '..')
// What was built for another C library is of no use.
const MATRIX = path.join(ROOT, '.matrix', isMusl() ? 'musl' : '')
// Those that can be had for the C library that this runs with.
const NODES = isMusl() ? musl.VERSIONS : VERSIONS
const PACKAGE = `node-${process.platform}-${process.arch}`

function test (version, only) {
  const node = install(version)
  const reported = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
  if (reported !== `v${version}`) throw new Error(`${node} is ${reported}, not v${version}`)
  console.log(`\nmatrix: Node ${version}`)
  if (version !== LOWEST) return { version, status: runTests(node, only) }
  return { version, status: spawnSync(node, [path.join(__dirname, 'smoke.js')], { cwd: ROOT, stdio: 'inherit' }).status ?? 1 }
}

/** Each Node has its own prefix, so that npm never removes one for another. */
function install (version) {
  if (isMusl()) return musl.install(version)
  const prefix = path.join(MATRIX, version)
  const node = path.join(prefix, 'node_modules', PACKAGE, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (!fs.existsSync(node)) {
    fs.mkdirSync(prefix, { recursive: true })
    fs.writeFileSync(path.join(prefix, 'package.json'), '{"private":true}\n')
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', '--no-package-lock', `${PACKAGE}@${version}`],
      { cwd: prefix, stdio: 'inherit', shell: process.platform === 'win32' })
  }
  return node
}

/** Those of the matrix that `only` names, by a version or the beginning of one, or all of them; an exact version need not be in the matrix. */
function choose (only) {
  if (only.length === 0) return NODES
  const others = only.filter((one) => /^\d+\.\d+\.\d+$/.test(one) && !NODES.includes(one))
  return [...NODES.filter((version) => only.some((one) => version === one || version.startsWith(`${one}.`))), ...others]
}

function main (args) {
  const only = args.filter((arg) => arg !== '--others')
  const all = only.length === 0 && !isMusl() ? [LOWEST, ...NODES] : choose(only)
  const versions = args.includes('--others') ? all.filter((version) => version !== process.versions.node) : all
  if (versions.length === 0) {
    console.error(`matrix: none of ${only.join(', ')} is in the matrix (${[LOWEST, ...NODES].join(', ')})`)
    process.exit(2)
  }

  const nearV8 = fs.readdirSync(path.join(ROOT, '__test__')).filter((name) => NEAR_V8.test(name)).map((name) => path.join('__test__', name))
  const results = versions.map((version) => test(version, args.includes('--others') && version !== VERSIONS.at(-1) ? nearV8 : []))
  console.log(`\nmatrix: ${results.map(({ version, status }) => `Node ${version} ${status === 0 ? 'passed' : 'FAILED'}`).join(', ')}`)
  process.exitCode = results.every(({ status }) => status === 0) ? 0 : 1
}

if (require.main === module) main(process.argv.slice(2))

module.exports = { VERSIONS, NODES, MATRIX, choose, install }
