'use strict'

// npm run test:sandbox: forked snapshots where containers run, under Docker's own default seccomp profile, its capabilities and
// no_new_privs, on every supported Node; and where a sandbox does not let a process filter itself, the refusal. The profile comes from
// the Debian package of Docker's sources, python3-seccomp applies it (docker-seccomp.py).

const assert = require('node:assert/strict')
const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { VERSIONS, install } = require('./matrix')

const SOURCES = 'golang-github-docker-docker-dev'
const INSIDE = 'usr/share/gocode/src/github.com/docker/docker/profiles/seccomp/default.json'
const PYTHON = '/usr/bin/python3'
const LAUNCHER = path.join(__dirname, 'docker-seccomp.py')
const FIXTURE = path.join(__dirname, '..', '__test__', 'fixtures', 'fork-service.js')
const HEAP_MB = 20

if (process.platform !== 'linux' || process.getuid() !== 0 || spawnSync('apt-get', ['--version']).error) {
  console.log('sandbox: needs Linux, root and apt-get; nothing was tested')
  process.exit()
}

const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-sandbox-'))
try {
  const profile = dockersProfile()
  const without = path.join(dir, 'without-seccomp.json')
  fs.writeFileSync(without, JSON.stringify(withoutSeccomp(JSON.parse(fs.readFileSync(profile, 'utf8')))))
  for (const version of VERSIONS) {
    const { artifact } = run(install(version), profile)
    assert.equal(artifact.mode, 'fork')
    const { code, message } = run(install(version), without)
    assert.equal(code, 'HEAPKIT_ERR_UNSUPPORTED')
    assert.match(message, /seccomp: .*Operation not permitted/)
    console.log(`Node ${version}: ${artifact.bytes} bytes in ${artifact.durationMs} ms under Docker's profile; without seccomp(2): ${code}`)
    console.log(`  ${message}`)
  }
} finally {
  fs.rmSync(dir, { recursive: true })
}

function dockersProfile () {
  if (spawnSync(PYTHON, ['-c', 'import seccomp']).status !== 0) apt('install', '--yes', 'python3-seccomp')
  execFileSync('chmod', ['755', dir])
  apt('download', SOURCES)
  const [archive] = fs.readdirSync(dir).filter((name) => name.endsWith('.deb'))
  execFileSync('dpkg', ['-x', archive, '.'], { cwd: dir })
  return path.join(dir, INSIDE)
}

function apt (...args) {
  const run = () => spawnSync('apt-get', ['--quiet', '--quiet', ...args], { cwd: dir, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }).status === 0
  // The lists of a new machine may be missing or old.
  if (!run() && (execFileSync('apt-get', ['--quiet', '--quiet', 'update'], { stdio: 'inherit' }), !run())) throw new Error(`apt-get ${args.join(' ')} failed`)
}

/** A sandbox that allows what Docker's does, but no filter of one's own. */
function withoutSeccomp (profile) {
  for (const rule of profile.syscalls) rule.names = rule.names.filter((name) => name !== 'seccomp')
  return profile
}

function run (node, profile) {
  const { stdout, stderr, status } = spawnSync(PYTHON, [LAUNCHER, profile, node, FIXTURE, dir, String(HEAP_MB)], { encoding: 'utf8' })
  const line = stdout.split('\n').find((text) => /^\{"(artifact|code)"/.test(text))
  if (!line) throw new Error(`no result (${status}): ${stderr}`)
  return JSON.parse(line)
}
