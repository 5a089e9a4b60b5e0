'use strict'

// npm run test:js [-- FILE …]: all JavaScript tests on this Node, and at the end every one that was skipped, with its reason. Two files at a time even on
// two processors, where Node would run one: many tests wait most of their time for children, timers and disks.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')

/** Runs the tests, all of them or those files, with that Node; answers its exit code. */
function runTests (node, only = []) {
  const files = only.length > 0 ? only : fs.readdirSync(path.join(ROOT, '__test__')).filter((name) => name.endsWith('.test.js')).map((name) => path.join('__test__', name))
  const concurrency = Math.max(2, os.availableParallelism() - 1)
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-test-js-'))
  try {
    const skips = path.join(dir, 'skips')
    const reporters = [[process.stdout.isTTY ? 'spec' : 'tap', 'stdout'], [path.join(__dirname, 'skips.mjs'), skips]]
      .flatMap(([reporter, destination]) => [`--test-reporter=${reporter}`, `--test-reporter-destination=${destination}`])
    const { status } = spawnSync(node, ['--test', `--test-concurrency=${concurrency}`, ...reporters, ...files], { cwd: ROOT, stdio: 'inherit' })
    process.stdout.write(fs.readFileSync(skips, 'utf8'))
    return status ?? 1
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

module.exports = { runTests }

if (require.main === module) process.exitCode = runTests(process.execPath, process.argv.slice(2))
