'use strict'

// What a user installs: the packed tarballs in an empty application outside of the repository.

const assert = require('node:assert/strict')
const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { after, before, test } = require('node:test')
const os = require('node:os')
const { npm } = require('../scripts/npm')
const { pack, platformPackages } = require('../scripts/pack')
const { addonOf, ownTarget } = require('../scripts/targets')
const { npm: noNpm, posix, program } = require('./needs')
const { cleanEnv } = require('./support')

const manifest = require('../package.json')
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-install-'))
const app = path.join(work, 'app')
let tarballs
const skip = noNpm()

before(() => {
  if (skip) return
  tarballs = pack(path.join(work, 'tarballs'))
  fs.mkdirSync(app)
  fs.writeFileSync(path.join(app, 'package.json'), '{"name":"app","private":true}\n')
  // Offline: whatever is needed must be in the tarballs. The packages of other platforms are optional.
  npm(['install', '--offline', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs], { cwd: app, env: cleanEnv() })
})
after(() => fs.rmSync(work, { recursive: true, force: true }))

function contents (tarball) {
  return execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' }).trim().split('\n').map((file) => file.replace('package/', '')).sort()
}

function files (dir) {
  return fs.readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(path.join(__dirname, '..'), path.join(entry.parentPath ?? entry.path, entry.name)).split(path.sep).join('/'))
}

/** Runs a program in the application; answers what it prints, as JSON. */
function runApp (name, source, { node = [], env } = {}) {
  fs.writeFileSync(path.join(app, name), source)
  const { status, stdout, stderr } = spawnSync(process.execPath, [...node, name], { cwd: app, env: cleanEnv(env), encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

test('the packed files are exactly those meant', { skip: skip || program('tar') }, () => {
  const root = path.join(__dirname, '..')
  const docs = fs.readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)
  const lib = files(path.join(root, 'lib')).filter((file) => /\.(js|css|html)$/.test(file))
  assert.ok(lib.includes('lib/binding.js'))
  assert.deepEqual(contents(tarballs[0]), [
    'CHANGELOG.md', 'LICENSE', 'README.md', 'bin/heapkit.js', 'index.d.ts', 'index.js', 'package.json', 'register.d.ts', ...docs, ...lib
  ].sort())
  assert.deepEqual(contents(tarballs[1]), ['README.md', addonOf(ownTarget()), 'package.json'])
})

test('the published package has its platforms as optional dependencies, and nothing else', { skip }, () => {
  const published = JSON.parse(fs.readFileSync(path.join(app, 'node_modules/heapkit/package.json'), 'utf8'))
  assert.equal(published.dependencies, undefined)
  assert.equal(published.scripts, undefined)
  assert.deepEqual(Object.keys(published.optionalDependencies), platformPackages().sort())
  for (const name of platformPackages()) {
    const own = JSON.parse(fs.readFileSync(path.join(__dirname, '../npm', name.replace('heapkit-', ''), 'package.json'), 'utf8'))
    assert.equal(own.name, name)
    assert.equal(own.version, manifest.version)
  }
  // Each target of the build has its package, as the loader expects it.
  assert.equal(platformPackages().length, manifest.napi.targets.length)
})

test('both packages say where the project lives', { skip }, () => {
  for (const name of ['heapkit', path.basename(tarballs[1]).replace(`-${manifest.version}.tgz`, '')]) {
    const { homepage, repository, bugs, scripts } = JSON.parse(fs.readFileSync(path.join(app, 'node_modules', name, 'package.json'), 'utf8'))
    assert.deepEqual({ homepage, repository, bugs }, { homepage: manifest.homepage, repository: manifest.repository, bugs: manifest.bugs })
    assert.equal(scripts, undefined)
  }
})

test('CommonJS: a sampling profile and a snapshot', { skip }, () => {
  const [sampling, snapshot] = runApp('app.cjs', `
    const { startSampling, takeSnapshot } = require('heapkit')
    async function main () {
      const session = startSampling()
      const artifacts = [await session.stop(), await takeSnapshot()]
      console.log(JSON.stringify(artifacts))
    }
    main()`)
  assert.equal(sampling.kind, 'sampling')
  assert.equal(snapshot.kind, 'snapshot')
  for (const { path: file, bytes } of [sampling, snapshot]) assert.equal(fs.statSync(file).size, bytes)
})

test('ESM: named imports, a sampling profile and a snapshot', { skip }, () => {
  const [sampling, snapshot] = runApp('app.mjs', `
    import { startSampling, takeSnapshot, HeapkitError } from 'heapkit'
    import heapkit from 'heapkit'
    if (heapkit.HeapkitError !== HeapkitError) throw new Error('two modules')
    const session = startSampling()
    console.log(JSON.stringify([await session.stop(), await takeSnapshot()]))`)
  assert.equal(sampling.kind, 'sampling')
  assert.equal(snapshot.kind, 'snapshot')
})

test('heapkit/register by --require and by --import', { skip }, () => {
  for (const flag of ['--require', '--import']) {
    const kind = runApp('registered.cjs', `
      require('heapkit').stopSampling().then(({ kind }) => console.log(JSON.stringify(kind)))`,
    { node: [flag, 'heapkit/register'], env: { HEAPKIT_SAMPLING: '1' } })
    assert.equal(kind, 'sampling')
  }
})

test('the command is installed', { skip: skip || posix('a command that is a link') }, () => {
  const version = execFileSync(process.execPath, [path.join(app, 'node_modules/.bin/heapkit'), '--version'], { cwd: app, encoding: 'utf8' })
  assert.equal(version.trim(), manifest.version)
})

test('an addon that is missing is a clear error', { skip }, () => {
  const platform = path.join(app, 'node_modules', path.basename(tarballs[1]).replace(`-${manifest.version}.tgz`, ''))
  fs.renameSync(platform, `${platform}.away`)
  try {
    const { code, message } = runApp('missing.cjs', `
      try { require('heapkit') } catch ({ code, message }) { console.log(JSON.stringify({ code, message })) }`)
    assert.equal(code, 'HEAPKIT_ERR_BINDING')
    assert.match(message, /cannot be loaded on \w+-\w+, Node.js v\d+.*is not installed.*--omit=optional/)
  } finally {
    fs.renameSync(`${platform}.away`, platform)
  }
})
