'use strict'

// What .github/workflows/release.yml does between its jobs, each on a machine of its own:
//   node scripts/release.js check TAG    the tag is the version of everything that would be published
//   node scripts/release.js give DIR     puts the addons that were built here into DIR, and with those of `npm run build:all` the loader
//   node scripts/release.js take DIR     puts what several machines gave where scripts/pack.js looks for it, and this machine's addon where Node does
// scripts/smoke.js then runs the very addon that is published, and scripts/publish.js publishes.

const fs = require('node:fs')
const path = require('node:path')
const { TARGETS, addonOf, ownTarget } = require('./targets')

const LOADER = ['binding.js', 'binding.d.ts']

/** What keeps the files in `root` from being published under that tag, each as a sentence. */
function problems (tag, root) {
  const json = (file) => JSON.parse(fs.readFileSync(path.join(root, file), 'utf8'))
  const text = (file) => fs.readFileSync(path.join(root, file), 'utf8')
  const { version } = json('package.json')
  const found = []
  if (tag !== `v${version}`) found.push(`the tag is ${tag}, and package.json has version ${version}`)
  const others = [['package-lock.json', json('package-lock.json').version], ['Cargo.toml', /^version = "(.*)"$/m.exec(text('Cargo.toml'))[1]]]
  for (const { name } of TARGETS) others.push([`npm/${name}/package.json`, json(`npm/${name}/package.json`).version])
  for (const [file, its] of others) if (its !== version) found.push(`${file} has version ${its}, not ${version}`)
  const [, dated] = new RegExp(`^## ${version.replaceAll('.', '\\.')} - (.*)$`, 'm').exec(text('CHANGELOG.md')) ?? []
  if (!/^\d{4}-\d{2}-\d{2}$/.test(dated)) found.push(`CHANGELOG.md has ${dated === undefined ? 'no heading' : `'${dated}' instead of a date`} for ${version}`)
  return found
}

/** Copies what was built in `root` into `dir`; answers the names of the files. */
function give (dir, root) {
  const crossed = TARGETS.map((target) => path.join(root, 'npm', target.name, addonOf(target))).filter(fs.existsSync)
  const lib = (name) => path.join(root, 'lib', name)
  const files = crossed.length > 0 ? [...crossed, ...LOADER.map(lib)] : [lib(addonOf(ownTarget()))]
  fs.mkdirSync(dir, { recursive: true })
  for (const file of files) fs.copyFileSync(file, path.join(dir, path.basename(file)))
  return files.map((file) => path.basename(file))
}

/** The way back; an error if this machine's addon is not there. */
function take (dir, root) {
  const copy = (name, ...to) => fs.copyFileSync(path.join(dir, name), path.join(root, ...to, name))
  for (const target of TARGETS) {
    if (fs.existsSync(path.join(dir, addonOf(target)))) copy(addonOf(target), 'npm', target.name)
  }
  for (const name of [addonOf(ownTarget()), ...LOADER]) copy(name, 'lib')
}

function main ([command, argument]) {
  const root = path.join(__dirname, '..')
  if (command === 'check' && argument) {
    const found = problems(argument, root)
    for (const problem of found) console.error(`release: ${problem}`)
    process.exitCode = found.length === 0 ? 0 : 1
  } else if (command === 'give' && argument) {
    console.log(give(path.resolve(argument), root).join('\n'))
  } else if (command === 'take' && argument) {
    take(path.resolve(argument), root)
  } else {
    console.error('Usage: node scripts/release.js check TAG | give DIR | take DIR')
    process.exitCode = 2
  }
}

if (require.main === module) main(process.argv.slice(2))

module.exports = { problems, give, take }
