'use strict'

// The repository as a package: what `npm ci` installs in a clone.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

const ROOT = path.join(__dirname, '..')

test('the lock file has the optional packages of every platform, and names no registry', () => {
  const { packages } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'))
  const missing = []
  for (const [from, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const name of Object.keys(optionalDependencies)) {
      if (!resolved(packages, from, name)) missing.push(`${name} of ${from}`)
    }
  }
  assert.deepEqual(missing, [], 'remove the entry of what needs them, then `npm install --package-lock-only`')
  assert.deepEqual(Object.keys(packages).filter((name) => packages[name].resolved !== undefined), [])
})

/** Where npm looks for a package: beside the one that needs it, then in each folder above. */
function resolved (packages, from, name) {
  for (let dir = from; ; dir = dir.slice(0, Math.max(0, dir.lastIndexOf('node_modules/') - 1))) {
    const entry = packages[path.posix.join(dir, 'node_modules', name)]
    if (entry !== undefined || dir === '') return entry
  }
}
