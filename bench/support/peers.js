'use strict'

// What else reads snapshots, at exactly which version, and where it is installed: in .bench/ of the repository, because it is much
// larger than heapkit and all that heapkit is developed with. Only what is asked for is installed, and only once.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..', '..')
const CACHE = path.join(ROOT, '.bench')
const CRATE = path.join(__dirname, 'v8-heap-parser')

const VERSIONS = { devtools: '1.1.3', memlab: '2.0.5', 'memlab-cli': '2.0.5', 'v8-heap-parser': '1.1.0' }
const TITLES = {
  devtools: 'DevTools (heap-snapshot-toolkit)',
  memlab: '@memlab/heap-analysis',
  'memlab-cli': 'memlab find-leaks',
  'v8-heap-parser': 'v8-heap-parser (crate)'
}

/** Each answers the path of what a child loads or runs. */
const INSTALL = {
  devtools () {
    // A dependency of heapkit's development anyway: its tests compare with it.
    const own = packageDir(ROOT, 'heap-snapshot-toolkit')
    return hasVersion(own, VERSIONS.devtools) ? own : npmPackage('heap-snapshot-toolkit', VERSIONS.devtools)
  },
  memlab () {
    // Its core, which does the work, would otherwise be whatever is newest.
    return npmPackage('@memlab/heap-analysis', VERSIONS.memlab, [`@memlab/core@${VERSIONS.memlab}`])
  },
  'memlab-cli' () {
    const version = VERSIONS['memlab-cli']
    return npmPackage('memlab', version, ['api', 'cli', 'core', 'e2e', 'heap-analysis'].map((part) => `@memlab/${part}@${version}`))
  },
  'v8-heap-parser' () {
    const target = path.join(CACHE, 'v8-heap-parser')
    // cargo knows whether there is anything to do.
    run('cargo', ['build', '--release', '--locked', '--quiet', '--manifest-path', path.join(CRATE, 'Cargo.toml'), '--target-dir', target])
    return path.join(target, 'release', 'heapkit-bench-v8-heap-parser')
  }
}

function npmPackage (name, version, others = []) {
  const prefix = path.join(CACHE, `${name.replace(/\W+/g, '-').replace(/^-/, '')}-${version}`)
  const dir = packageDir(prefix, name)
  if (hasVersion(dir, version)) return dir
  fs.mkdirSync(prefix, { recursive: true })
  // memlab drives browsers, too: none is needed to read a file.
  run('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', prefix, `${name}@${version}`, ...others],
    { PUPPETEER_SKIP_DOWNLOAD: '1' })
  return dir
}

function packageDir (root, name) {
  return path.join(root, 'node_modules', ...name.split('/'))
}

function hasVersion (dir, version) {
  try {
    return JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).version === version
  } catch {
    return false
  }
}

function run (command, args, env) {
  const { error, status, stderr } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, ...env } })
  if (error || status !== 0) throw new Error(`it could not be installed: ${error?.message ?? `${command} ${args[0]}: ${lastLine(stderr)}`}`)
}

function lastLine (text) {
  return text.trim().split('\n').pop().trim()
}

const isPeer = (side) => side in INSTALL
const titleOf = (side) => `${TITLES[side]} ${VERSIONS[side]}`
const install = (side) => INSTALL[side]()

module.exports = { isPeer, titleOf, install, lastLine }
