'use strict'

// npm run test:js: all JavaScript tests on this Node. Two files at a time even on two processors, where Node would run one: many tests wait most of
// their time for children, timers and disks.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')

/** Runs the tests with that Node; answers its exit code. */
function runTests (node) {
  const files = fs.readdirSync(path.join(ROOT, '__test__')).filter((name) => name.endsWith('.test.js')).map((name) => path.join('__test__', name))
  const concurrency = Math.max(2, os.availableParallelism() - 1)
  return spawnSync(node, ['--test', `--test-concurrency=${concurrency}`, ...files], { cwd: ROOT, stdio: 'inherit' }).status ?? 1
}

module.exports = { runTests }

if (require.main === module) process.exitCode = runTests(process.execPath)
