'use strict'

// `node scripts/publish.js DIR [--dry-run]` publishes the tarballs that `node scripts/pack.js DIR --all` has put there: those of the platforms, and the main
// package when all of them are there, so that nobody can install it without. It can be run again after a failure: what is published already is left out.
// npm knows who it is for from the workflow that runs it (trusted publishing), and says so in public (provenance).

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { parseArgs } = require('node:util')
const manifest = require('../package.json')
const { platformPackages } = require('./pack')

/** The names of the packages, in the order in which they are published. */
const ORDER = [...platformPackages(), manifest.name]
const { version } = manifest

function npm (args, stdio) {
  return spawnSync('npm', args, { encoding: 'utf8', stdio, shell: process.platform === 'win32' })
}

/** Whether the registry has this version. Anything but a plain "no" is an error: it may be there. */
function isPublished (name) {
  const { status, stdout, stderr } = npm(['view', `${name}@${version}`, 'version', '--json'], 'pipe')
  if (status === 0) return stdout.trim() !== ''
  if (/E404/.test(stdout + stderr)) return false
  throw new Error(`npm cannot say whether ${name} ${version} is published: ${stderr.trim()}`)
}

function publish (file, isDry) {
  // A version with a name, such as 1.0.0-beta.1, is not what people get unasked.
  const tag = version.includes('-') ? 'next' : 'latest'
  const how = isDry ? '--dry-run' : '--provenance'
  const { status } = npm(['publish', file, '--access', 'public', '--tag', tag, how], ['ignore', 'inherit', 'inherit'])
  if (status !== 0) throw new Error(`npm publish ${file} failed`)
}

function publishAll (dir, isDry) {
  const tarballs = ORDER.map((name) => ({ name, file: path.join(dir, `${name}-${version}.tgz`) }))
  const missing = tarballs.filter(({ file }) => !fs.existsSync(file))
  if (missing.length > 0) throw new Error(`${missing.map(({ file }) => path.basename(file)).join(', ')} not in ${dir}; nothing was published`)
  for (const { name, file } of tarballs) {
    if (!isDry && isPublished(name)) console.log(`publish: ${name} ${version} is published already`)
    else publish(file, isDry)
  }
  console.log(`publish: ${ORDER.join(', ')}: ${isDry ? 'nothing was published, this was a dry run' : 'published'}`)
}

function main () {
  const { values, positionals: [dir] } = parseArgs({ options: { 'dry-run': { type: 'boolean' } }, allowPositionals: true })
  if (!dir) {
    console.error('Usage: node scripts/publish.js DIR [--dry-run]')
    process.exit(2)
  }
  try {
    publishAll(path.resolve(dir), values['dry-run'])
  } catch (error) {
    console.error(`publish: ${error.message}`)
    process.exitCode = 1
  }
}

main()
