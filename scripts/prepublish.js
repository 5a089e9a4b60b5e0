'use strict'

// npm runs this before it publishes from a folder (`prepublishOnly`), and stops when it fails: heapkit without its addons would install everywhere and
// load nowhere. What should be published are the tarballs of `node scripts/pack.js DIR --all`.

const fs = require('node:fs')
const path = require('node:path')

/** What the package in `root` lacks, each as a sentence. */
function missing (root) {
  const { name, version, main, types, optionalDependencies = {} } = manifestOf(root)
  const problems = [main, types, 'lib/binding.js']
    .filter((file) => !fs.existsSync(path.join(root, file)))
    .map((file) => `${file} is not there`)
  for (const platform of fs.readdirSync(path.join(root, 'npm'))) {
    const dir = path.join(root, 'npm', platform)
    const addon = manifestOf(dir)
    if (addon.name !== `${name}-${platform}`) problems.push(`npm/${platform} is the package ${addon.name}, not ${name}-${platform}`)
    if (addon.version !== version) problems.push(`npm/${platform} has version ${addon.version}, not ${version}`)
    if (optionalDependencies[addon.name] !== version) problems.push(`${addon.name} ${version} is no optional dependency`)
    if (!fs.existsSync(path.join(dir, addon.main))) problems.push(`npm/${platform}/${addon.main} was not built`)
  }
  return problems
}

function manifestOf (dir) {
  return JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8'))
}

const problems = missing(path.join(__dirname, '..'))
if (problems.length > 0) {
  console.error(`This folder cannot be published:\n${problems.map((problem) => `  ${problem}`).join('\n')}\n` +
    'Publish the tarballs of `node scripts/pack.js DIR --all`, which packs what `npm run build:all`, and a build on Windows, have put into npm/')
  process.exitCode = 1
}
