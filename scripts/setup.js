'use strict'

// All set-up that a fresh clone needs: npm dependencies, then the addon. It can be run again and again. The npm scripts run it before
// anything is installed, so it requires nothing but Node.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')

if (!isInstalled()) {
  step('installing npm dependencies', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
}
need('cargo', 'Rust is missing: heapkit is built with cargo (https://rustup.rs)')
step('building the addon', 'npm', ['run', '--silent', 'build'])

/** npm writes node_modules/.package-lock.json when it is done. */
function isInstalled () {
  const [installed, wanted] = ['node_modules/.package-lock.json', 'package-lock.json'].map((file) => mtime(path.join(ROOT, file)))
  return installed >= wanted
}

function mtime (file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function need (command, problem) {
  try {
    execFileSync(command, ['--version'], { stdio: 'ignore', shell: process.platform === 'win32' })
  } catch {
    console.error(problem)
    process.exit(1)
  }
}

function step (what, command, args) {
  console.error(`setup: ${what}`)
  try {
    execFileSync(command, args, { cwd: ROOT, stdio: ['ignore', process.stderr, process.stderr], shell: process.platform === 'win32' })
  } catch (error) {
    console.error(`setup: ${what} failed`)
    process.exit(error.status || 1)
  }
}
