'use strict'

// npm run test:miri: Miri interprets the Rust tests and finds undefined behaviour. It needs a nightly toolchain with Miri, and so is not part of
// `npm run ready`, which works with a stable one.
//
// Left out are `fork`, whose system calls Miri does not know, and what calls C (zstd) or asks the system about files and memory. That the list below is
// right was judged by what the tests do: no machine of ours has had Miri yet.

const { spawnSync } = require('node:child_process')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
// Unit tests of what only computes.
const TESTS = ['error::', 'heap::', 'process::', 'sink::name::']

const found = spawnSync('cargo', ['+nightly', 'miri', '--version'], { encoding: 'utf8' })
if (found.status !== 0) {
  console.error('miri: there is no nightly toolchain with Miri here; nothing was run.\n' +
    'Install one (`rustup toolchain install nightly --component miri,rust-src`), then run this again')
  process.exit(1)
}
console.error(`miri: ${found.stdout.trim()}`)
const { status } = spawnSync('cargo', ['+nightly', 'miri', 'test', '--locked', '--no-default-features', '--lib', '--', ...TESTS], {
  cwd: ROOT,
  // Directories and clocks are the machine's own.
  env: { ...process.env, MIRIFLAGS: `-Zmiri-disable-isolation ${process.env.MIRIFLAGS ?? ''}`.trim(), PROPTEST_CASES: '4' },
  stdio: ['ignore', 'inherit', 'inherit']
})
process.exit(status ?? 1)
