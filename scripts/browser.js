'use strict'

// The browser for the tests of pages: `node scripts/browser.js` prints its path. Where there is none it first
// installs Debian's Chromium, if it may.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The path of a Chromium, or undefined. A wrong CHROMIUM_PATH is an error, because somebody set it on purpose. */
function findBrowser () {
  const named = process.env.CHROMIUM_PATH
  if (named) {
    if (!isExecutable(named)) throw new Error(`CHROMIUM_PATH is ${JSON.stringify(named)}, which is not an executable file`)
    return named
  }
  for (const name of NAMES) {
    const found = which(name)
    if (found) return found
  }
}

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

function install () {
  const apt = (...args) => execFileSync('apt-get', args, {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    // Standard output is for the path.
    stdio: ['ignore', 2, 2]
  })
  const packages = ['install', '-y', '--no-install-recommends', 'chromium']
  try {
    apt(...packages)
  } catch {
    // The lists are missing, or older than the packages.
    apt('update')
    apt(...packages)
  }
}

/** The path of a Chromium, installed if need be. */
function ensureBrowser () {
  const found = findBrowser()
  if (found) return found
  const why = process.getuid?.() !== 0
    ? 'this user may not install one'
    : which('apt-get') === undefined ? 'there is no apt-get to install one with' : undefined
  if (why === undefined) {
    try {
      install()
    } catch (cause) {
      throw new Error(`No Chromium was found, and \`apt-get install chromium\` failed (${cause.message}). ${ADVICE}`, { cause })
    }
    const installed = findBrowser()
    if (installed) return installed
  }
  throw new Error(`No Chromium was found${why ? `, and ${why}` : ', not even after installing one'}. ${ADVICE}`)
}

const ADVICE = 'Install Chromium or Chrome, or say where one is with CHROMIUM_PATH'

module.exports = { findBrowser, ensureBrowser }

if (require.main === module) {
  try {
    process.stdout.write(ensureBrowser() + '\n')
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
