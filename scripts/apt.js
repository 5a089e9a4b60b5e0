'use strict'

// Programs that some tests need and that Debian has: where they are, and how they get there where they are not.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

/** The path of a program, or undefined. */
function which (name) {
  return (process.env.PATH ?? '').split(path.delimiter)
    .filter((dir) => dir !== '')
    .map((dir) => path.join(dir, name))
    .find(isExecutable)
}

function isExecutable (file) {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return fs.statSync(file).isFile()
  } catch {
    return false
  }
}

/** Installs packages; an error says why that cannot be done. */
function install (...names) {
  if (process.getuid?.() !== 0) throw new Error('this user may not install one')
  if (which('apt-get') === undefined) throw new Error('there is no apt-get to install one with')
  const apt = (...args) => execFileSync('apt-get', args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    // Standard output may be for a path.
    stdio: ['ignore', 2, 2]
  })
  const packages = ['install', '-y', '--no-install-recommends', ...names]
  try {
    try {
      apt(...packages)
    } catch {
      // The lists are missing, or older than the packages.
      apt('update')
      apt(...packages)
    }
  } catch (cause) {
    throw new Error(`\`apt-get install ${names.join(' ')}\` failed (${cause.message})`, { cause })
  }
}

module.exports = { which, isExecutable, install }
