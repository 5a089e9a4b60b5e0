'use strict'

// The rules of the house that a scan of the sources can check; docs/architecture.md has them in words.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')

const ROOT = path.join(__dirname, '..')

function files (dir, extension) {
  return fs.readdirSync(path.join(ROOT, dir), { recursive: true })
    .filter((name) => name.endsWith(extension))
    .map((name) => path.posix.join(dir, name.split(path.sep).join('/')))
}

function read (file) {
  return fs.readFileSync(path.join(ROOT, file), 'utf8')
}

function matching (list, pattern) {
  return list.filter((file) => pattern.test(read(file)))
}

const LIB = files('lib', '.js').filter((file) => file !== 'lib/binding.js')
const JS = [...LIB, 'index.js', 'bin/heapkit.js']
const RUST = files('src', '.rs')

test('one file requires the binding, one the inspector, one listens to signals', () => {
  assert.deepEqual(matching(JS, /require\(['"][^'"]*binding/), ['lib/native.js'])
  assert.deepEqual(matching(JS, /require\(['"](node:)?inspector(\/promises)?['"]\)/), ['lib/inspector.js'])
  assert.deepEqual(matching(JS, /process\.(on|once|addListener)\((?!'exit')/), ['lib/triggers/signal.js'])
})

test('V8 is never asked to report progress: it would run JavaScript in the middle of its walk over the heap', () => {
  assert.deepEqual(matching(JS, /reportProgress: true/), [])
})

test('the command line and the public module stand on lib, never the other way', () => {
  assert.deepEqual(matching(LIB, /require\(['"](\.\.\/)+(index|bin)/), [])
  assert.deepEqual(matching(LIB.filter((file) => !file.startsWith('lib/cli/')), /require\(['"][^'"]*\/cli\//), [])
})

test('the library has no runtime dependency and no install script', () => {
  const manifest = JSON.parse(read('package.json'))
  assert.equal(manifest.dependencies, undefined)
  for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) assert.equal(manifest.scripts[script], undefined)
  for (const file of JS) {
    for (const [, name] of read(file).matchAll(/require\(['"]([^'"]+)['"]\)/g)) {
      assert.ok(name.startsWith('node:') || name.startsWith('.'), `${file} requires ${name}`)
    }
  }
})

test('the library never prints', () => {
  assert.deepEqual(matching(JS, /console\./), [])
  assert.deepEqual(matching(JS, /process\.(stdout|stderr)/), [])
})

test('napi is named in src/binding only', () => {
  assert.deepEqual(matching(RUST, /\bnapi(_derive)?::/).filter((file) => !file.startsWith('src/binding/')), [])
})

test('core modules do not import one another', () => {
  const core = ['sink', 'heap', 'host', 'process', 'alarms', 'fork']
  for (const own of core) {
    // The fork asks the host how much memory there is.
    const others = core.filter((name) => name !== own && !(own === 'fork' && name === 'host')).join('|')
    const mine = RUST.filter((file) => file.startsWith(`src/${own}/`) || file === `src/${own}.rs`)
    assert.deepEqual(matching(mine, new RegExp(`crate::(${others}|binding)\\b`)), [])
  }
})

test('the Rust files that opt out of the ban on unsafe are few, and say at every block why it is right', () => {
  const unsafe = matching(RUST, /\bunsafe \{|allow\(unsafe_code/).sort()
  assert.deepEqual(unsafe, ['src/binding/copies.rs', 'src/binding/event_loop.rs', 'src/fork/sys/clock.rs', 'src/fork/sys/condvar.rs', 'src/fork/sys/deadlock.rs', 'src/fork/sys/mod.rs', 'src/fork/sys/pages.rs', 'src/fork/sys/share.rs'])
  for (const file of unsafe) {
    const lines = read(file).split('\n')
    for (const [index, line] of lines.entries()) {
      if (/\bunsafe \{/.test(line)) assert.match(lines.slice(index - 2, index).join(), /\/\/ SAFETY:/, `${file}:${index + 1}`)
    }
  }
})

test('every Rust module opens by saying what it owns', () => {
  assert.deepEqual(RUST.filter((file) => !read(file).startsWith('//!')), [])
})

test('the codes of the core are codes of the library, and all of them are in the types', () => {
  const { codes } = require('../lib/errors')
  const core = [...read('src/error.rs').matchAll(/=> "(HEAPKIT_ERR_\w+)"/g)].map(([, code]) => code)
  assert.ok(core.length > 5)
  for (const code of core) assert.ok(Object.values(codes).includes(code), code)
  const types = [...read('index.d.ts').matchAll(/^ {2}\| '(HEAPKIT_ERR_\w+)'$/gm)].map(([, code]) => code)
  assert.deepEqual(types.sort(), Object.values(codes).sort())
})

test('what the types export is what the module exports', () => {
  const types = [...read('index.d.ts').matchAll(/^export (?:function|class) (\w+)/gm)].map(([, name]) => name)
  assert.deepEqual(types.sort(), Object.keys(require('..')).sort())
})
