'use strict'

// The platforms of heapkit. From this table `npm run build:all` builds, scripts/pack.js packs, and a test compares it with package.json and npm/.

/**
 * `name` is the package's, as the loader expects it: platform, architecture, and the C library or compiler where there are several.
 * `zig` is the target as cargo-zigbuild takes it: with the oldest glibc that the addon is to run on. `std` says where Rust's standard library is from:
 * 'packaged' by Debian, or 'source', to be built with the addon. A target without `zig` cannot be cross-built: `reason`.
 */
const TARGETS = [
  {
    name: 'linux-x64-gnu',
    triple: 'x86_64-unknown-linux-gnu',
    os: 'linux',
    cpu: 'x64',
    libc: 'glibc',
    zig: 'x86_64-unknown-linux-gnu.2.17',
    std: 'packaged'
  },
  {
    name: 'linux-arm64-gnu',
    triple: 'aarch64-unknown-linux-gnu',
    os: 'linux',
    cpu: 'arm64',
    libc: 'glibc',
    zig: 'aarch64-unknown-linux-gnu.2.17',
    std: 'packaged'
  },
  {
    name: 'linux-x64-musl',
    triple: 'x86_64-unknown-linux-musl',
    os: 'linux',
    cpu: 'x64',
    libc: 'musl',
    zig: 'x86_64-unknown-linux-musl',
    std: 'source',
    // An addon shares the C library of its Node.
    rustflags: '-C target-feature=-crt-static'
  },
  {
    name: 'linux-arm64-musl',
    triple: 'aarch64-unknown-linux-musl',
    os: 'linux',
    cpu: 'arm64',
    libc: 'musl',
    zig: 'aarch64-unknown-linux-musl',
    std: 'source',
    rustflags: '-C target-feature=-crt-static'
  },
  {
    name: 'darwin-x64',
    triple: 'x86_64-apple-darwin',
    os: 'darwin',
    cpu: 'x64',
    zig: 'x86_64-apple-darwin',
    std: 'source',
    env: { MACOSX_DEPLOYMENT_TARGET: '11.0', CARGO_PROFILE_RELEASE_STRIP: 'none' }
  },
  {
    name: 'darwin-arm64',
    triple: 'aarch64-apple-darwin',
    os: 'darwin',
    cpu: 'arm64',
    zig: 'aarch64-apple-darwin',
    std: 'source',
    env: { MACOSX_DEPLOYMENT_TARGET: '11.0', CARGO_PROFILE_RELEASE_STRIP: 'none' }
  },
  {
    name: 'win32-x64-msvc',
    triple: 'x86_64-pc-windows-msvc',
    os: 'win32',
    cpu: 'x64',
    reason: 'needs Microsoft\'s C runtime and linker: built on Windows'
  }
]

/** The file name of a target's addon. */
function addonOf ({ name }) {
  return `heapkit.${name}.node`
}

/** The target of the machine that this runs on. */
function ownTarget () {
  const libc = process.platform === 'linux' ? (isMusl() ? 'musl' : 'glibc') : undefined
  const found = TARGETS.find(({ os, cpu, libc: its }) => os === process.platform && cpu === process.arch && its === libc)
  if (!found) throw new Error(`heapkit has no package for ${process.platform}-${process.arch}`)
  return found
}

/** The version of glibc that this process runs on; undefined on musl, and on other systems than Linux. */
function glibcVersion () {
  // Names of hosts are not looked up for it.
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime
}

/** Whether musl is the C library of this process. */
function isMusl () {
  return process.platform === 'linux' && !glibcVersion()
}

module.exports = { TARGETS, addonOf, glibcVersion, isMusl, ownTarget }
