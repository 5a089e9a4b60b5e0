'use strict'

// The fuzz targets: `node scripts/fuzz.js [TARGET…] [--seconds N]`, by default all of them, five minutes each. It installs cargo-fuzz into .matrix/ first.
// A stable toolchain will do: it has what libFuzzer needs, and RUSTC_BOOTSTRAP makes it say so. There is no address sanitizer, because what is fuzzed has no
// unsafe code; overflows are found by debug assertions.

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { MATRIX } = require('./matrix')

const ROOT = path.join(__dirname, '..')
const FUZZ = path.join(ROOT, 'fuzz')
const CARGO_FUZZ = '0.13.2'
const TARGETS = fs.readdirSync(path.join(FUZZ, 'fuzz_targets')).map((name) => path.basename(name, '.rs')).sort()

function main () {
  const { values: { seconds }, positionals } = parseArgs({ options: { seconds: { type: 'string', default: '300' } }, allowPositionals: true })
  const unknown = positionals.find((name) => !TARGETS.includes(name))
  if (unknown !== undefined || !/^[1-9]\d*$/.test(seconds)) {
    console.error(`Usage: node scripts/fuzz.js [${TARGETS.join('|')}] [--seconds N]`)
    process.exit(2)
  }
  if (process.platform !== 'linux' && process.platform !== 'darwin') {
    console.log('fuzz: libFuzzer is for Linux and macOS; nothing was run')
    return
  }
  const root = installCargoFuzz()
  const results = (positionals.length > 0 ? positionals : TARGETS).map((target) => fuzz(root, target, Number(seconds)))
  console.log(`${results.filter(Boolean).length} passed, ${results.filter((passed) => !passed).length} failed`)
  process.exitCode = results.every(Boolean) ? 0 : 1
}

function installCargoFuzz () {
  const root = path.join(MATRIX, `cargo-fuzz-${CARGO_FUZZ}`)
  if (!fs.existsSync(path.join(root, 'bin', 'cargo-fuzz'))) {
    console.error('fuzz: installing cargo-fuzz')
    execFileSync('cargo', ['install', 'cargo-fuzz', '--quiet', '--locked', '--version', CARGO_FUZZ, '--root', root], { stdio: ['ignore', 2, 2] })
  }
  return root
}

/** Whether nothing was found. What libFuzzer adds goes into a directory of its own: the corpus stays as it is. */
function fuzz (root, target, seconds) {
  const found = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-fuzz-'))
  try {
    const { status } = spawnSync('cargo', [
      'fuzz', 'run', '--sanitizer', 'none', target, found, path.join(FUZZ, 'corpus', target),
      '--', `-dict=${path.join(FUZZ, 'snapshot.dict')}`, '-max_len=4096', '-timeout=60', `-max_total_time=${seconds}`, '-verbosity=0', '-print_final_stats=1'
    ], {
      cwd: ROOT,
      env: { ...process.env, RUSTC_BOOTSTRAP: '1', PATH: path.join(root, 'bin') + path.delimiter + process.env.PATH },
      stdio: ['ignore', 'inherit', 'inherit']
    })
    console.log(`fuzz: ${target}: ${status === 0 ? 'passed' : 'FAILED'}`)
    return status === 0
  } finally {
    fs.rmSync(found, { recursive: true, force: true })
  }
}

main()
