'use strict'

// The browser for the tests of pages: `node scripts/browser.js` prints its path. Where there is none it first
// installs Debian's Chromium, if it may.

const { install, isExecutable, which } = require('./apt')

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

/** The path of a Chromium, installed if need be. */
function ensureBrowser () {
  const found = findBrowser()
  if (found) return found
  try {
    install('chromium')
  } catch (cause) {
    throw new Error(`No Chromium was found, and ${cause.message}. ${ADVICE}`, { cause })
  }
  const installed = findBrowser()
  if (installed) return installed
  throw new Error(`No Chromium was found, not even after installing one. ${ADVICE}`)
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
