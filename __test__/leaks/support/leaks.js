'use strict'

// The leaks: which there are, and what each states. `start()` prepares, and nothing goes on by itself before it, because whoever judges requires these
// files, too; `leak(index)` leaks once; `calls` says how often that is called before each of the three snapshots; `bytes` is about what one call adds.
// `holder` are patterns that must all be found in the line, the most important first, and `thing` is one for what is held. With `count`, so many things
// more a call.

const { spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const DIR = path.join(__dirname, '..')
const CHILD = path.join(__dirname, 'child.js')
// Forked snapshots are taken at a low priority, and machines are busy.
const TIMEOUT_MS = 900_000

/** The names of all, or of those that `only` names. */
function choose (only) {
  const all = fs.readdirSync(DIR).filter((file) => file.endsWith('.js')).map((file) => file.slice(0, -3))
  const unknown = only.find((name) => !all.includes(name))
  if (unknown !== undefined) throw new Error(`There is no leak '${unknown}' in ${DIR}; there are ${all.join(', ')}`)
  return only.length === 0 ? all : only
}

/** Installs the libraries, at the versions of the lock file; npm writes .package-lock.json when it is done. */
function installLibraries () {
  const [installed, wanted] = ['node_modules/.package-lock.json', 'package-lock.json'].map((file) => fs.statSync(path.join(DIR, file), { throwIfNoEntry: false })?.mtimeMs ?? 0)
  if (installed >= wanted) return
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: DIR, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  if (status !== 0) throw new Error(`The libraries that leak could not be installed: \`npm ci\` in ${DIR} answered ${status}`)
}

/** Has a process of that Node leak; answers its three snapshots in `dir`, the earliest first. */
async function takeSnapshots (name, { node, mode, dir }) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HEAPKIT_|NODE_OPTIONS$)/.test(name)))
  const child = spawn(node, [CHILD, name, mode, dir], { env, stdio: ['ignore', 'ignore', 'pipe'], timeout: TIMEOUT_MS, killSignal: 'SIGKILL' })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text) => { errors += text })
  const [code, signal] = await new Promise((resolve, reject) => child.once('error', reject).once('close', (...how) => resolve(how)))
  if (code !== 0) throw new Error(`${name}: the process that leaks ended with ${signal ?? code}: ${errors.trim() || `after ${TIMEOUT_MS / 1000} s`}`)
  return [1, 2, 3].map((number) => path.join(dir, `${number}.heapsnapshot`))
}

module.exports = { DIR, choose, installLibraries, takeSnapshots }
