'use strict'

// npm as the tests and scripts/pack.js run it: by the Node that runs them, wherever npm comes from. A Node may bring no npm along, or one that does not run.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

/** npm's own program: of the npm that runs this, of the first in PATH that has one, or beside this Node; undefined where there is none. */
function npmCli () {
  const dirs = [...(process.env.PATH ?? '').split(path.delimiter).filter(Boolean), path.dirname(process.execPath)]
  const places = dirs.flatMap((dir) => [
    // A link to it, on Unix; beside a copy of it, which does not run, or on Windows it is in a folder.
    path.join(dir, 'npm'), path.join(dir, '../lib/node_modules/npm/bin/npm-cli.js'), path.join(dir, 'node_modules/npm/bin/npm-cli.js')
  ])
  return [process.env.npm_execpath ?? '', ...places].map(realPath).find((file) => file !== undefined && path.basename(file) === 'npm-cli.js')
}

function realPath (file) {
  try {
    return fs.realpathSync(file)
  } catch {
    return undefined
  }
}

/** Runs npm, whose own scripts run by this Node, too: { status, stdout, stderr }. */
function runNpm (args, { cwd, env = process.env } = {}) {
  const cli = npmCli()
  if (cli === undefined) throw new Error('npm was not found: neither in PATH nor beside this Node')
  const name = Object.keys(env).find((key) => key.toUpperCase() === 'PATH') ?? 'PATH'
  const PATH = [path.dirname(process.execPath), env[name]].filter(Boolean).join(path.delimiter)
  return spawnSync(process.execPath, [cli, ...args], { cwd, env: { ...env, [name]: PATH }, encoding: 'utf8', maxBuffer: 64 << 20 })
}

/** The same, for what must not fail; answers its output. */
function npm (args, options) {
  const { status, stdout, stderr, error } = runNpm(args, options)
  if (status !== 0) throw new Error(`npm ${args[0]} failed: ${error?.message ?? stderr}`)
  return stdout
}

module.exports = { npm, npmCli, runNpm }
