'use strict'

// The repository as a package: what `npm ci` installs in a clone, where the project lives, what may be published.

const assert = require('node:assert/strict')
const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { runNpm } = require('../scripts/npm')
const { TARGETS, addonOf } = require('../scripts/targets')
const { npm, program } = require('./needs')
const { cleanEnv, tmpDir } = require('./support')

const ROOT = path.join(__dirname, '..')
const manifest = require('../package.json')

test('the lock file has the optional packages of every platform, and names no registry', () => {
  const { packages } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'))
  const missing = []
  for (const [from, { optionalDependencies = {} }] of Object.entries(packages)) {
    for (const name of Object.keys(optionalDependencies)) {
      if (!resolved(packages, from, name)) missing.push(`${name} of ${from}`)
    }
  }
  assert.deepEqual(missing, [], 'remove the entry of what needs them, then `npm install --package-lock-only`')
  assert.deepEqual(Object.keys(packages).filter((name) => packages[name].resolved !== undefined), [])
})

/** Where npm looks for a package: beside the one that needs it, then in each folder above. */
function resolved (packages, from, name) {
  for (let dir = from; ; dir = dir.slice(0, Math.max(0, dir.lastIndexOf('node_modules/') - 1))) {
    const entry = packages[path.posix.join(dir, 'node_modules', name)]
    if (entry !== undefined || dir === '') return entry
  }
}

test('the project has one home', { skip: program('git') }, () => {
  const home = manifest.homepage.replace('#readme', '')
  assert.deepEqual(manifest.repository, { type: 'git', url: `git+${home}.git` })
  assert.deepEqual(manifest.bugs, { url: `${home}/issues` })
  const files = execFileSync('git', ['ls-files', '*.md', '*.yml', '*.js', '*.ts', '*.toml'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
  for (const file of files) {
    for (const [, repository] of fs.readFileSync(path.join(ROOT, file), 'utf8').matchAll(/github\.com\/([\w-]+\/heapkit)\b/g)) {
      assert.equal(`https://github.com/${repository}`, home, file)
    }
  }
})

test('the documents name only scripts, files and headings that there are', { skip: program('git') }, () => {
  const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: ROOT, encoding: 'utf8' }).trim().split('\n')
  const problems = []
  for (const document of documents) {
    const text = read(document)
    for (const [, script] of text.matchAll(/npm run ([\w:-]*\w)/g)) {
      if (manifest.scripts[script] === undefined) problems.push(`${document}: npm run ${script}`)
    }
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^\w+:/.test(target)) continue
      const [file, heading] = target.split('#')
      const full = file === '' ? document : path.posix.join(path.posix.dirname(document), file)
      if (!fs.existsSync(path.join(ROOT, full))) problems.push(`${document}: ${target}`)
      else if (heading !== undefined && !headings(read(full)).includes(heading)) problems.push(`${document}: ${target}`)
    }
    for (const [, file] of text.matchAll(/`((?:src|lib|scripts|__test__|tests|docs|fuzz|bench|examples)\/[\w./-]+\.\w+)`/g)) {
      // NAME stands for any.
      if (!/[A-Z]{3}/.test(file) && !fs.existsSync(path.join(ROOT, file))) problems.push(`${document}: ${file}`)
    }
  }
  assert.deepEqual(problems, [])
})

function read (file) {
  return fs.readFileSync(path.join(ROOT, file), 'utf8')
}

/** As links call them. */
function headings (text) {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading.toLowerCase().replace(/[^\w\s-]/g, '').replace(/ /g, '-'))
}

test('the pictures of the README are those that scripts/pictures.js paints, and small', () => {
  const shown = [...fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8').matchAll(/(?:src|srcset)="([^"]+)"/g)].map(([, file]) => file)
  const painted = fs.readdirSync(path.join(ROOT, 'docs/images')).map((name) => `docs/images/${name}`)
  assert.deepEqual(shown.sort(), painted.sort())
  for (const file of shown) assert.ok(fs.statSync(path.join(ROOT, file)).size < 200_000, file)
})

test('each platform is one, in the table of targets, in package.json and in npm/', () => {
  assert.deepEqual(TARGETS.map(({ triple }) => triple).sort(), [...manifest.napi.targets].sort())
  assert.deepEqual(TARGETS.map(({ name }) => name).sort(), fs.readdirSync(path.join(ROOT, 'npm')).sort())
  for (const target of TARGETS) {
    const { name, main, files, os, cpu, libc, engines } = JSON.parse(read(`npm/${target.name}/package.json`))
    assert.deepEqual({ name, main, files, os, cpu, libc, engines }, {
      name: `heapkit-${target.name}`,
      main: addonOf(target),
      files: [addonOf(target)],
      os: [target.os],
      cpu: [target.cpu],
      libc: target.libc && [target.libc],
      engines: manifest.engines
    })
    assert.ok(target.zig ? !target.reason : target.reason, `${target.name} can be built here, or there is a reason`)
  }
})

/** A copy of what is published and of the scripts for it, without addons. */
function copy (t) {
  const dir = path.join(tmpDir(t), 'heapkit')
  for (const name of [...manifest.files.filter((file) => !file.includes('*')), 'README.md', 'LICENSE', 'package.json', 'scripts', 'npm', 'lib/binding.js']) {
    fs.cpSync(path.join(ROOT, name), path.join(dir, name), { recursive: true, filter: (file) => !file.endsWith('.node') })
  }
  return dir
}

/** The beginning of an addon for a target, which is all of it that is looked at. */
function header ({ os, cpu, libc }) {
  const bytes = Buffer.alloc(80)
  if (os === 'linux') {
    bytes.write('\x7fELF', 'latin1')
    bytes.writeUInt16LE(cpu === 'x64' ? 62 : 183, 18)
    if (libc === 'glibc') bytes.write('\0GLIBC_2.17\0', 32, 'latin1')
  } else if (os === 'darwin') {
    bytes.writeUInt32LE(0xfeedfacf, 0)
    bytes.writeUInt32LE(cpu === 'x64' ? 0x01000007 : 0x0100000c, 4)
  } else {
    bytes.write('MZ', 'latin1')
    bytes.writeUInt32LE(0x40, 0x3c)
    bytes.writeUInt16LE(0x8664, 0x44)
  }
  return bytes
}

function packAll (dir) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/pack.js', 'tarballs', '--all'], { cwd: dir, env: cleanEnv(), encoding: 'utf8' })
  return { status, stderr, tarballs: stdout.split('\n').filter(Boolean) }
}

test('every addon that was built is packed into its own package, and what is missing is named', { skip: npm() || program('tar') }, (t) => {
  const dir = copy(t)
  const some = TARGETS.filter(({ name }) => ['linux-arm64-musl', 'darwin-x64', 'win32-x64-msvc'].includes(name))
  for (const target of some) fs.writeFileSync(path.join(dir, 'npm', target.name, addonOf(target)), header(target))
  const { status, stderr, tarballs } = packAll(dir)
  assert.deepEqual(tarballs.map((file) => path.basename(file)), ['heapkit', ...some.map(({ name }) => `heapkit-${name}`)].map((name) => `${name}-${manifest.version}.tgz`))
  for (const [index, target] of some.entries()) {
    const show = (file) => execFileSync('tar', ['-xzOf', tarballs[index + 1], `package/${file}`])
    assert.deepEqual(show(addonOf(target)), header(target))
    const { os, cpu, libc } = JSON.parse(show('package.json'))
    assert.deepEqual({ os, cpu, libc }, { os: [target.os], cpu: [target.cpu], libc: target.libc && [target.libc] })
  }
  // Not for publishing yet.
  assert.equal(status, 1)
  const missing = TARGETS.filter((target) => !some.includes(target)).map(({ name }) => name)
  assert.match(stderr, new RegExp(`no addon of ${missing.join(', ')} is in npm/`))
})

test('an addon in the package of another platform is refused', { skip: npm() }, (t) => {
  const dir = copy(t)
  const find = (wanted) => TARGETS.find(({ name }) => name === wanted)
  const addon = path.join(dir, 'npm/linux-x64-musl/heapkit.linux-x64-musl.node')
  for (const [target, why] of [['linux-arm64-musl', 'no ELF file for this processor'], ['darwin-x64', 'no ELF file'], ['linux-x64-gnu', 'it needs glibc']]) {
    fs.writeFileSync(addon, header(find(target)))
    const { status, stderr } = packAll(dir)
    assert.equal(status, 1)
    assert.match(stderr, new RegExp(`heapkit.linux-x64-musl.node is not for linux-x64-musl: ${why}`))
  }
})

test('npm is found where the first in PATH is a copy that does not run', { skip: npm() }, (t) => {
  const dir = tmpDir(t)
  fs.writeFileSync(path.join(dir, 'npm'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
  const env = cleanEnv({ PATH: dir + path.delimiter + process.env.PATH, npm_execpath: process.env.npm_execpath ?? '' })
  const program = `process.stdout.write(require(${JSON.stringify(path.join(ROOT, 'scripts/npm.js'))}).npm(['--version']))`
  assert.match(execFileSync(process.execPath, ['-e', program], { env, encoding: 'utf8' }), /^\d+\.\d+\.\d+/)
})

/** `npm publish --dry-run` in a folder of a copy of what is published, as `change(dir)` leaves it. */
function publish (t, folder, change) {
  const dir = copy(t)
  change?.(dir)
  return runNpm(['publish', '--dry-run', '--offline'], { cwd: path.join(dir, folder), env: cleanEnv() })
}

test('npm publish is refused where the addons are missing, and says which', { skip: npm() }, (t) => {
  const { status, stderr } = publish(t, '.')
  assert.notEqual(status, 0)
  assert.match(stderr, /cannot be published/)
  for (const platform of fs.readdirSync(path.join(ROOT, 'npm'))) {
    assert.match(stderr, new RegExp(`heapkit-${platform} ${manifest.version} is no optional dependency`))
    assert.match(stderr, new RegExp(`npm/${platform}/heapkit.${platform}.node was not built`))
  }
})

test('so it is in the folder of a platform, whose package would be empty', { skip: npm() }, (t) => {
  const { status, stderr } = publish(t, 'npm/linux-x64-gnu')
  assert.notEqual(status, 0)
  assert.match(stderr, /npm\/linux-x64-gnu\/heapkit.linux-x64-gnu.node was not built/)
})

test('npm publish goes through where they are all there', { skip: npm() }, (t) => {
  const { status, stderr } = publish(t, '.', (dir) => {
    const optionalDependencies = {}
    for (const platform of fs.readdirSync(path.join(dir, 'npm'))) {
      optionalDependencies[`heapkit-${platform}`] = manifest.version
      fs.writeFileSync(path.join(dir, 'npm', platform, `heapkit.${platform}.node`), '')
    }
    fs.writeFileSync(path.join(dir, 'package.json'), JSON.stringify({ ...manifest, optionalDependencies }))
  })
  assert.equal(status, 0, stderr)
})
