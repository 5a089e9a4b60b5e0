'use strict'

// Packs what would be published: the main package, with its platform packages as optional dependencies, and platform packages with their addons.
// `node scripts/pack.js DIR` packs this platform's, as `npm run build` has built it; `--all` packs those that are in npm/, where `npm run build:all` puts
// them. It prints the tarballs, one a line.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { needsOf } = require('./binary')
const { npm } = require('./npm')
const { TARGETS, addonOf, ownTarget } = require('./targets')

const ROOT = path.join(__dirname, '..')
const manifest = require('../package.json')

module.exports = { pack, packAll, packThese, platformPackages }

if (require.main === module) {
  const { values, positionals: [dir] } = parseArgs({ options: { all: { type: 'boolean' } }, allowPositionals: true })
  if (!dir) {
    console.error('Usage: node scripts/pack.js DIR [--all]')
    process.exit(2)
  }
  if (values.all) {
    const { tarballs, missing } = packAll(path.resolve(dir))
    console.log(tarballs.join('\n'))
    if (missing.length > 0) {
      console.error(`pack: not all that is to be published: no addon of ${missing.join(', ')} is in npm/`)
      process.exitCode = 1
    }
  } else console.log(pack(path.resolve(dir)).join('\n'))
}

/** Packs the main package and this platform's; answers the paths of the tarballs, in this order. */
function pack (dir) {
  const target = ownTarget()
  const addon = path.join(ROOT, 'lib', addonOf(target))
  if (!fs.existsSync(addon)) throw new Error(`${addon} is not there; run \`npm run build\``)
  return packThese(dir, [{ target, addon }])
}

/** Packs the main package and that of each platform whose addon is in its folder in npm/: { tarballs, missing }, the platforms without one by name. */
function packAll (dir) {
  const all = TARGETS.map((target) => ({ target, addon: path.join(ROOT, 'npm', target.name, addonOf(target)) }))
  const built = all.filter(({ addon }) => fs.existsSync(addon))
  if (built.length === 0) throw new Error('there is no addon in npm/; run `npm run build:all`')
  return {
    tarballs: packThese(dir, built),
    missing: all.filter((one) => !built.includes(one)).map(({ target }) => target.name)
  }
}

/** Packs the main package and one for each `{ target, addon }`; answers the paths of the tarballs, in this order. */
function packThese (dir, addons) {
  fs.mkdirSync(dir, { recursive: true })
  const stage = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-pack-'))
  try {
    return [npmPack(stageMain(stage), dir), ...addons.map((addon) => npmPack(stagePlatform(stage, addon), dir))]
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
  const packed = JSON.parse(npm(['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=error'], { cwd: ROOT }))
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

function stagePlatform (stage, { target, addon }) {
  // Nothing that a loader would refuse, or that needs another C library than the package says.
  needsOf(addon, target)
  const source = path.join(ROOT, 'npm', target.name)
  const staged = path.join(stage, target.name)
  fs.mkdirSync(staged)
  fs.copyFileSync(path.join(source, 'README.md'), path.join(staged, 'README.md'))
  fs.copyFileSync(addon, path.join(staged, addonOf(target)))
  // Where the project lives is said once, in the main package.
  const { homepage, repository, bugs } = manifest
  const { scripts, ...own } = require(path.join(source, 'package.json'))
  fs.writeFileSync(path.join(staged, 'package.json'), JSON.stringify({ ...own, homepage, repository, bugs }, null, 2) + '\n')
  return staged
}

function npmPack (source, dir) {
  const out = npm(['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', dir], { cwd: source })
  const packed = JSON.parse(out)
  const { filename } = Array.isArray(packed) ? packed[0] : Object.values(packed)[0]
  return path.join(dir, filename)
}
