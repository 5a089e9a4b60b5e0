'use strict'

// Packs what would be published: the main package, with its platform packages as optional dependencies, and the package of
// this platform, from the addon that is built. `node scripts/pack.js DIR` prints the two tarballs, one a line.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const ROOT = path.join(__dirname, '..')
const manifest = require('../package.json')

module.exports = { pack, platformPackages }

if (require.main === module) {
  const [dir] = process.argv.slice(2)
  if (!dir) {
    console.error('Usage: node scripts/pack.js DIR')
    process.exit(2)
  }
  console.log(pack(path.resolve(dir)).join('\n'))
}

/** Answers the paths of the tarballs, main package first. */
function pack (dir) {
  fs.mkdirSync(dir, { recursive: true })
  const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-pack-'))
  try {
    return [npmPack(stageMain(stage), dir), npmPack(stagePlatform(stage), dir)]
  } finally {
    fs.rmSync(stage, { recursive: true, force: true })
  }
}

/** The names of the platform packages, as npm/ has them. */
function platformPackages () {
  return fs.readdirSync(path.join(ROOT, 'npm')).map((name) => `${manifest.name}-${name}`)
}

function stageMain (stage) {
  const target = path.join(stage, 'main')
  const packed = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], { cwd: ROOT, encoding: 'utf8' }))
  const { files } = Array.isArray(packed) ? packed[0] : Object.values(packed)[0]
  for (const { path: file } of files) {
    fs.mkdirSync(path.dirname(path.join(target, file)), { recursive: true })
    fs.copyFileSync(path.join(ROOT, file), path.join(target, file))
  }
  const { scripts, devDependencies, ...published } = manifest
  published.optionalDependencies = Object.fromEntries(platformPackages().map((name) => [name, manifest.version]))
  fs.writeFileSync(path.join(target, 'package.json'), JSON.stringify(published, null, 2) + '\n')
  return target
}

function stagePlatform (stage) {
  const [addon] = fs.readdirSync(path.join(ROOT, 'lib')).filter((name) => name.endsWith('.node'))
  if (!addon) throw new Error('there is no addon in lib/; run `npm run build`')
  const target = path.join(stage, 'platform')
  // heapkit.linux-x64-gnu.node -> npm/linux-x64-gnu
  const source = path.join(ROOT, 'npm', addon.split('.')[1])
  fs.cpSync(source, target, { recursive: true })
  fs.copyFileSync(path.join(ROOT, 'lib', addon), path.join(target, addon))
  // Where the project lives is said once, in the main package.
  const { homepage, repository, bugs } = manifest
  const { scripts, ...own } = require(path.join(source, 'package.json'))
  fs.writeFileSync(path.join(target, 'package.json'), JSON.stringify({ ...own, homepage, repository, bugs }, null, 2) + '\n')
  return target
}

function npmPack (source, dir) {
  const out = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', dir], { cwd: source, encoding: 'utf8' })
  const packed = JSON.parse(out)
  const { filename } = Array.isArray(packed) ? packed[0] : Object.values(packed)[0]
  return path.join(dir, filename)
}
