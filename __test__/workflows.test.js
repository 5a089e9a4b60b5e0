'use strict'

// What GitHub would run (.github/workflows) against what there is: scripts, versions, targets; and what is run there between the jobs and at the end of a release.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { parse } = require('yaml')
const { FORK_TESTED } = require('../lib/captures/mode')
const { VERSIONS } = require('../scripts/matrix')
const { give, problems, take } = require('../scripts/release')
const { TARGETS, addonOf, ownTarget } = require('../scripts/targets')
const { cleanEnv, ls, tmpDir } = require('./support')

const ROOT = path.join(__dirname, '..')
const manifest = require('../package.json')

function read (file) {
  return fs.readFileSync(path.join(ROOT, file), 'utf8')
}

const TEXTS = Object.fromEntries(ls(path.join(ROOT, '.github/workflows')).map((file) => [file, read(`.github/workflows/${file}`)]))
const WORKFLOWS = Object.fromEntries(Object.entries(TEXTS).map(([file, text]) => [file, parse(text)]))
const JOBS = Object.entries(WORKFLOWS).flatMap(([file, { jobs }]) => Object.entries(jobs).map(([name, job]) => ({ where: `${file}: ${name}`, ...job })))
const { 'test.yml': tests, 'release.yml': release, 'fuzz.yml': fuzz } = WORKFLOWS

/** The values of a key in a job's matrix, from its list and from what is included. */
function values ({ matrix = {} } = {}, key) {
  return [...new Set([...matrix[key] ?? [], ...(matrix.include ?? []).map((one) => one[key])])].filter((value) => value !== undefined)
}

test('the workflows are for every push and pull request, for a tag, and for the night', () => {
  assert.deepEqual(Object.keys(WORKFLOWS), ['fuzz.yml', 'release.yml', 'test.yml'])
  assert.deepEqual(tests.on, { push: null, pull_request: null })
  assert.deepEqual(release.on, { push: { tags: ['v*'] } })
  assert.equal(fuzz.on.schedule.length, 1)
})

test('no workflow may do more than it must, for longer than it must, or twice at once', () => {
  for (const [file, { permissions, concurrency }] of Object.entries(WORKFLOWS)) {
    assert.deepEqual(permissions, { contents: 'read' }, file)
    assert.equal(typeof concurrency.group, 'string', file)
    // A release that was begun is brought to its end.
    assert.equal(concurrency['cancel-in-progress'], file === 'test.yml', file)
  }
  assert.deepEqual(JOBS.filter((job) => !(job['timeout-minutes'] <= 90)).map(({ where }) => where), [])
  assert.deepEqual(JOBS.filter(({ permissions }) => permissions).map(({ where, permissions }) => [where, permissions]),
    [['release.yml: publish', { contents: 'read', 'id-token': 'write' }]])
  for (const { where, steps } of JOBS) {
    for (const { uses, with: given } of steps) if (/checkout/.test(uses)) assert.equal(given['persist-credentials'], false, where)
  }
})

test('actions are pinned to a commit, each to one, and the comment says which version that is', () => {
  const pins = new Map()
  for (const text of Object.values(TEXTS)) {
    for (const [, action, rest] of text.matchAll(/uses: ([^@\s]+)(.*)$/gm)) {
      assert.match(action, /^actions\/[\w-]+$/)
      assert.match(rest, /^@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, action)
      assert.equal(pins.get(action) ?? rest, rest, action)
      pins.set(action, rest)
    }
  }
  assert.equal(pins.size, 5)
})

test('every step runs a script that there is', () => {
  let scripts = 0
  for (const { where, steps } of JOBS) {
    for (const { run = '' } of steps) {
      for (const [, script] of run.matchAll(/npm (?:run )?(test\b[\w:-]*|(?<=run )[\w:-]+)/g)) assert.ok(manifest.scripts[script], `${where}: ${run}`)
      for (const [, file] of run.matchAll(/(?:node|sh) (scripts\/[\w.-]+)/g)) assert.ok(fs.existsSync(path.join(ROOT, file)), `${where}: ${run}`)
      scripts += /npm (run|test)|scripts\//.test(run)
    }
  }
  assert.ok(scripts > 15)
})

test('the checks are all of `npm run ready` but what has a job of its own, or needs more than a container may', () => {
  const ready = manifest.scripts.ready.split(' && ').filter((step) => !/^npm test$|test:(matrix|sandbox|musl|arm64)/.test(step))
  const checks = tests.jobs.checks.steps.map(({ run }) => run).filter((run) => /^npm/.test(run))
  // There is time for all Nodes there.
  assert.deepEqual(checks, ready.map((step) => step.replace(' --node 20,26', '')))
})

test('all targets are tested, on all versions of the matrix', () => {
  const jobs = Object.values(tests.jobs).filter(({ strategy }) => strategy)
  assert.deepEqual(jobs.flatMap(({ strategy }) => values(strategy, 'target')).sort(), TARGETS.map(({ name }) => name).sort())
  for (const { strategy } of [...jobs, release.jobs.smoke]) {
    assert.deepEqual(values(strategy, 'node'), VERSIONS)
    // A target without a machine would run nowhere.
    assert.deepEqual(strategy.matrix.include.map(({ target }) => target), strategy.matrix.target)
    assert.ok(strategy.matrix.include.every(({ runner }) => runner))
  }
})

test('a release has the addons of all targets, and runs all of them', () => {
  const { cross, native, smoke, publish } = release.jobs
  assert.ok(cross.steps.some(({ run }) => run === 'npm run build:all'))
  assert.deepEqual(values(native.strategy, 'target').sort(), TARGETS.filter(({ zig }) => !zig).map(({ name }) => name).sort())
  assert.deepEqual(values(smoke.strategy, 'target').sort(), TARGETS.map(({ name }) => name).sort())
  assert.deepEqual(smoke.strategy.matrix.include.filter(({ image }) => image === 'alpine').map(({ target }) => target), TARGETS.filter(({ libc }) => libc === 'musl').map(({ name }) => name))
  assert.deepEqual(smoke.needs, ['cross', 'native'])
  assert.equal(publish.needs, 'smoke')
})

test('containers have the Rust that Cargo.toml asks for, and every fuzz target is fuzzed', () => {
  const [, rust] = /^rust-version = "(.*)"$/m.exec(read('Cargo.toml'))
  for (const { where, container } of JOBS) if (container) assert.equal(container, `rust:${rust}-bookworm`, where)
  assert.deepEqual(values(fuzz.jobs.fuzz.strategy, 'target'), ls(path.join(ROOT, 'fuzz/fuzz_targets')).map((name) => path.basename(name, '.rs')))
})

/** The rows of the README's table of support: [platform, a cell for each Node, the mode]. */
function supported () {
  const [table] = /^\| \| Node 20 .*\n(\|.*\n)+/m.exec(read('README.md'))
  return table.trim().split('\n').map((row) => row.split('|').slice(1, -1).map((cell) => cell.trim()))
}

test("the README's table of support has a row for each target, a column for each Node, and says where `auto` forks", () => {
  const [head, , ...rows] = supported()
  assert.deepEqual(head.slice(1, -1), VERSIONS.map((version) => `Node ${parseInt(version)}`))
  const systems = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' }
  const label = ({ os, cpu, libc }) => `${systems[os]} ${cpu}${libc ? `, ${libc}` : ''}`
  assert.deepEqual(rows.map(([platform]) => platform).sort(), TARGETS.map(label).sort())
  for (const target of TARGETS) assert.equal(rows.find(([platform]) => platform === label(target)).at(-1), FORK_TESTED.includes(target.name) ? 'forks' : 'inline', target.name)
  const readme = read('README.md')
  for (const cell of new Set(rows.flatMap((row) => row.slice(1, -1)))) assert.ok(readme.includes(`- **${cell}**: `), `what ${cell} means`)
})

/** A copy of all that has the version in it. */
function copy (t) {
  const dir = tmpDir(t)
  for (const name of ['package.json', 'package-lock.json', 'Cargo.toml', 'CHANGELOG.md', 'npm']) {
    fs.cpSync(path.join(ROOT, name), path.join(dir, name), { recursive: true, filter: (file) => !file.endsWith('.node') })
  }
  const changelog = path.join(dir, 'CHANGELOG.md')
  fs.writeFileSync(changelog, fs.readFileSync(changelog, 'utf8').replace(/^(## \S+ - ).*$/m, '$12026-11-25'))
  return dir
}

test('a tag that is not the version of everything is not released', (t) => {
  const { version } = manifest
  const dir = copy(t)
  assert.deepEqual(problems(`v${version}`, dir), [])
  assert.deepEqual(problems('v9.9.9', dir), [`the tag is v9.9.9, and package.json has version ${version}`])
  const platform = path.join(dir, 'npm/darwin-x64/package.json')
  fs.writeFileSync(platform, JSON.stringify({ ...JSON.parse(fs.readFileSync(platform)), version: '0.0.1' }))
  fs.writeFileSync(path.join(dir, 'CHANGELOG.md'), `## ${version} - unreleased\n`)
  assert.deepEqual(problems(`v${version}`, dir), [
    `npm/darwin-x64/package.json has version 0.0.1, not ${version}`,
    `CHANGELOG.md has 'unreleased' instead of a date for ${version}`
  ])
  fs.writeFileSync(path.join(dir, 'CHANGELOG.md'), '')
  assert.match(problems(`v${version}`, dir)[1], /no heading/)
})

test('what machines give one another arrives, each in its place', (t) => {
  const own = ownTarget()
  const others = TARGETS.filter(({ name }) => name !== own.name)
  const [crossing, native, there] = [copy(t), copy(t), copy(t)]
  const put = (root, folder, name) => {
    fs.mkdirSync(path.join(root, folder), { recursive: true })
    fs.writeFileSync(path.join(root, folder, name), `${name} in ${folder}`)
  }
  for (const target of TARGETS) put(crossing, `npm/${target.name}`, addonOf(target))
  for (const name of ['binding.js', 'binding.d.ts', addonOf(own)]) put(crossing, 'lib', name)
  put(native, 'lib', addonOf(own))
  const dir = path.join(there, 'addons')
  // The addon for an old glibc, not the one for this machine.
  assert.equal(give(dir, crossing).length, TARGETS.length + 2)
  assert.equal(fs.readFileSync(path.join(dir, addonOf(own)), 'utf8'), `${addonOf(own)} in npm/${own.name}`)
  assert.deepEqual(give(path.join(native, 'addons'), native), [addonOf(own)])
  fs.mkdirSync(path.join(there, 'lib'))
  take(dir, there)
  for (const target of others) assert.equal(fs.readFileSync(path.join(there, 'npm', target.name, addonOf(target)), 'utf8'), `${addonOf(target)} in npm/${target.name}`)
  assert.deepEqual(ls(path.join(there, 'lib')), ['binding.d.ts', 'binding.js', addonOf(own)].sort())
  fs.rmSync(path.join(dir, addonOf(own)))
  assert.throws(() => take(dir, there), { code: 'ENOENT' })
})

/** Runs scripts/publish.js with an npm that notes what it is called with; `npm` is more of that shell script. */
function publish (t, names, { npm = '', args = [] } = {}) {
  const dir = tmpDir(t)
  const log = path.join(dir, 'log')
  fs.writeFileSync(path.join(dir, 'npm'), `#!/bin/sh\nif [ "$1" = view ]; then ${npm || 'echo E404 >&2; exit 1'}; fi\necho "$@" >> ${log}\n`, { mode: 0o755 })
  for (const name of names) fs.writeFileSync(path.join(dir, `${name}-${manifest.version}.tgz`), '')
  const { status, stderr } = spawnSync(process.execPath, [path.join(ROOT, 'scripts/publish.js'), dir, ...args],
    { env: cleanEnv({ PATH: `${dir}${path.delimiter}${process.env.PATH}` }), encoding: 'utf8' })
  const calls = fs.existsSync(log) ? fs.readFileSync(log, 'utf8').trim().split('\n').map((line) => line.replace(`${dir}/`, '').split(' ')) : []
  return { status, stderr, calls }
}

const ALL = [...TARGETS.map(({ name }) => `heapkit-${name}`).sort(), 'heapkit']
const isWindows = process.platform === 'win32' && 'the npm of the test is a shell script'

test('the packages of the platforms are published before the main one, with provenance', { skip: isWindows }, (t) => {
  const { status, calls, stderr } = publish(t, ALL)
  assert.equal(status, 0, stderr)
  assert.deepEqual(calls.map(([, file]) => file), ALL.map((name) => `${name}-${manifest.version}.tgz`))
  for (const call of calls) assert.deepEqual([call[0], ...call.slice(2)], ['publish', '--access', 'public', '--tag', 'latest', '--provenance'])
  for (const [, , ...how] of publish(t, ALL, { args: ['--dry-run'] }).calls) assert.equal(how.at(-1), '--dry-run')
})

test('nothing is published where a package is missing, or where npm cannot say what is there', { skip: isWindows }, (t) => {
  const missing = publish(t, ALL.filter((name) => name !== 'heapkit-darwin-x64'))
  assert.deepEqual([missing.status, missing.calls], [1, []])
  assert.match(missing.stderr, /heapkit-darwin-x64-.*tgz not in .*nothing was published/)
  const offline = publish(t, ALL, { npm: 'echo EAI_AGAIN >&2; exit 1' })
  assert.deepEqual([offline.status, offline.calls], [1, []])
  assert.match(offline.stderr, /npm cannot say whether heapkit-\S+ .* is published: EAI_AGAIN/)
})

test('a release that broke off goes on where it was', { skip: isWindows }, (t) => {
  const there = `case "$2" in heapkit-linux-*) echo '"${manifest.version}"'; exit 0;; *) echo E404 >&2; exit 1;; esac`
  const { status, calls } = publish(t, ALL, { npm: there })
  assert.equal(status, 0)
  assert.deepEqual(calls.map(([, file]) => file), ALL.filter((name) => !name.startsWith('heapkit-linux-')).map((name) => `${name}-${manifest.version}.tgz`))
})
