'use strict'

// Packages of others for the stress matrix and the checks of the package: exact versions from the npm registry, each in a folder of its own under
// .matrix/. They are no dependencies of heapkit. Install scripts are not run, because they look for binaries elsewhere; what a package does not bring
// along is built with the headers of the Node that it is for.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { MATRIX, install } = require('./matrix')

const NODE_GYP = '12.4.0'
// Their speed does not matter, but CI should not wait for a compiler.
const OPTIMIZE = '-O0'

/** The folder whose `node_modules` has the package; `build` compiles it for that version of Node. */
function installPackage (name, version, nodeVersion, { build = false } = {}) {
  const prefix = path.join(MATRIX, 'packages', `${name}-${version}${build ? `-node-${nodeVersion}` : ''}`)
  const done = path.join(prefix, '.done')
  if (!fs.existsSync(done)) {
    fs.rmSync(prefix, { recursive: true, force: true })
    fs.mkdirSync(prefix, { recursive: true })
    fs.writeFileSync(path.join(prefix, 'package.json'), '{"private":true}\n')
    process.stderr.write(`packages: installing ${name} ${version}${build ? ` for Node ${nodeVersion}` : ''}\n`)
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--no-package-lock', `${name}@${version}`],
      { cwd: prefix, stdio: ['ignore', 2, 2] })
    if (build) compile(path.join(prefix, 'node_modules', name), nodeVersion)
    fs.writeFileSync(done, '')
  }
  return prefix
}

function compile (dir, nodeVersion) {
  const node = install(nodeVersion)
  const gyp = path.join(installPackage('node-gyp', NODE_GYP), 'node_modules', 'node-gyp', 'bin', 'node-gyp.js')
  try {
    execFileSync(node, [gyp, 'rebuild', '--release', '--jobs=max', `--nodedir=${headers(node, path.join(dir, 'headers'))}`], {
      cwd: dir,
      env: { ...withoutNpm(process.env), PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}`, CFLAGS: OPTIMIZE, CXXFLAGS: OPTIMIZE },
      encoding: 'utf8',
      stdio: 'pipe'
    })
  } catch (error) {
    throw new Error(`${path.basename(dir)} could not be built for Node ${nodeVersion}:\n${error.stderr?.slice(-2000)}`)
  }
}

/**
 * Node's headers, but with a `node::ObjectWrap` that registers nothing, as it was before 24.19 and 26.4. An addon that is built on the newer one
 * aborts on 24 as soon as V8 frees one of its objects outside a context, with or without heapkit (nodejs/node#65446).
 */
function headers (node, dir) {
  const original = path.join(node, '..', '..', 'include', 'node')
  const own = path.join(dir, 'include', 'node')
  fs.mkdirSync(own, { recursive: true })
  for (const name of fs.readdirSync(original)) fs.symlinkSync(path.join(original, name), path.join(own, name))
  const file = path.join(own, 'node_object_wrap.h')
  const text = fs.readFileSync(file, 'utf8')
  fs.unlinkSync(file)
  fs.writeFileSync(file, text.replace(/^ +(Add|Remove)CleanupHook\(\);\n/gm, ''))
  return dir
}

/** Under `npm run` the user's npm settings are in the environment, and node-gyp takes their `nodedir` rather than the one it is called with. */
function withoutNpm (env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^npm_/i.test(name)))
}

module.exports = { installPackage }
