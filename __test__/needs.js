'use strict'

// What tests need that not every machine has, in one place. Each need is false where it is met, and otherwise the reason for which the test is skipped: a
// run's summary names all of them (scripts/skips.mjs). Needs that have to be tried out are functions: they are tried when somebody asks.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { npmCli } = require('../scripts/npm')

const isLinux = process.platform === 'linux'

const linux = (what) => !isLinux && `needs Linux: ${what}`
const posix = (what) => process.platform === 'win32' && `needs POSIX: ${what}`
const nodeFrom = (major, what) => Number(process.versions.node.split('.')[0]) < major && `needs Node ${major}: ${what}`
const nodeBefore = (major, what) => nodeFrom(major, what) === false && `needs a Node before ${major}: ${what}`
const npm = () => npmCli() === undefined && 'needs npm: there is none beside Node, or in PATH'

const program = (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).error !== undefined && `needs ${name}: it is not installed`

/** A small program that runs under any name. */
const ownSleep = () => path.basename(fs.realpathSync('/bin/sleep')) !== 'sleep' && 'needs a program of its own for sleep: here it is a part of another one'

/** That `command` succeeds; what it printed is in the reason. */
function success (what, [file, ...args]) {
  const missing = linux(what)
  if (missing) return missing
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' })
  return status !== 0 && `needs ${what}: ${error?.message ?? (stderr.trim() || `${file} failed`)}`
}

/** Symbolic links: on Windows few may make them, and wine only says that it does. */
function links () {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-needs-'))
  try {
    fs.symlinkSync('nowhere', path.join(dir, 'link'))
    return !fs.lstatSync(path.join(dir, 'link')).isSymbolicLink() && 'needs symbolic links: they cannot be made here'
  } catch ({ message }) {
    return `needs symbolic links: ${message}`
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

/** What begins a command that has mounts of its own. An ordinary user becomes root of a user namespace of its own. */
const OWN_MOUNTS = process.getuid?.() === 0 ? ['unshare', '--mount'] : ['unshare', '--map-root-user', '--mount']

/** What begins a command that is process 1. */
const OWN_PIDS = ['unshare', '--pid', '--fork', '--mount-proc']

/** What begins a command that is process 1 of a namespace that those outside of it see. */
const INNER_PIDS = ['unshare', '--pid', '--fork', '--kill-child']

/** What begins a command of a user without rights: 65534. */
const OF_NOBODY = ['setpriv', '--reuid', '65534', '--clear-groups']

const ownMounts = () => success('mounts of its own', [...OWN_MOUNTS, 'true'])
const freezableVolume = () => success('root, a loop device and fsfreeze', ['sh', '-c', 'fsfreeze --version && losetup -f && test "$(id -u)" = 0'])
const ownPids = () => success('root, and a PID namespace of its own', [...OWN_PIDS, 'true'])
const nobody = (file) => success('root, setpriv, and files that others may read', [...OF_NOBODY, 'test', '-r', file])

/**
 * A control group of this test run with a limit, where a version of control groups has the controller and lets us: { path, missing, setLimit, command }.
 * `command` begins one that runs in the group. `files` has the name of the file that takes the limit, by version. The group goes with this process.
 */
function controlGroup (controller, files, limit) {
  const reasons = []
  for (const version of Object.keys(files)) {
    const top = isLinux ? topOf(version, controller) : undefined
    if (top === undefined) continue
    const group = path.join(top, `heapkit-test-${controller}-${process.pid}`)
    const setLimit = (value) => fs.writeFileSync(path.join(group, files[version]), String(value))
    try {
      fs.mkdirSync(group)
      process.on('exit', () => { try { fs.rmdirSync(group) } catch {} })
      setLimit(limit)
      return { path: group, missing: false, setLimit, command: ['/bin/sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh'] }
    } catch ({ message }) {
      reasons.push(message)
    }
  }
  const versions = Object.keys(files).join(' or ')
  return { missing: `needs a control group of its own (${controller}, version ${versions}): ${reasons.join('; ') || 'the controller is not there'}` }
}

/** A control group that stops what is in it. */
function freezer () {
  try {
    fs.accessSync('/sys/fs/cgroup/freezer/tasks', fs.constants.W_OK)
    return false
  } catch ({ message }) {
    return `needs root, and the freezer of control groups (version 1): ${message}`
  }
}

/** Where groups of this controller are made; in version 2 the top of the mount, if it passes the controller on. */
function topOf (version, controller) {
  if (version === '1') return mounts().find(({ type, options }) => type === 'cgroup' && options.includes(controller))?.point
  const top = mounts().find(({ type }) => type === 'cgroup2')?.point
  try {
    return fs.readFileSync(path.join(top, 'cgroup.subtree_control'), 'utf8').trim().split(' ').includes(controller) ? top : undefined
  } catch {}
}

function mounts () {
  return fs.readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\n').map((line) => {
    const [mount, kind] = line.split(' - ')
    const [type, , options] = kind.split(' ')
    return { point: mount.split(' ')[4], type, options: options.split(',') }
  })
}

module.exports = { ownSleep, INNER_PIDS, OF_NOBODY, OWN_MOUNTS, OWN_PIDS, controlGroup, freezableVolume, freezer, isLinux, links, linux, nobody, nodeFrom, nodeBefore, npm, ownMounts, ownPids, posix, program, success }
