'use strict'

// The rules of the house that a scan of the sources can check; docs/architecture.md has them in words.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const ts = require('typescript')
const { circles } = require('./architecture/circles')
const { modules } = require('./architecture/javascript')
const { cratePaths } = require('./architecture/rust')
const { tokens } = require('./architecture/rust-tokens')
const { program } = require('./needs')

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

// napi's own loader is generated.
const LIB = files('lib', '.js').filter((file) => file !== 'lib/binding.js')
const JS = [...LIB, 'index.js', 'bin/heapkit.js']
const RUST = files('src', '.rs')
const LOADED = new Map(JS.map((file) => [file, modules(read(file))]))

/** What it has runs in other processes, and is handed over as text. */
const INJECTED = 'lib/processes/injected.js'

/** The files that require a module of such a name. */
function requiring (pattern, list = JS) {
  return list.filter((file) => LOADED.get(file).required.some((name) => pattern.test(name)))
}

test('one file requires the binding, one the inspector, one listens to signals', () => {
  assert.deepEqual(requiring(/binding/), ['lib/native.js'])
  assert.deepEqual(requiring(/^(node:)?inspector\b/), ['lib/inspector.js', INJECTED])
  const listens = ({ object, method, first }) => object === 'process' && /^(on|once|(prepend|add)(Once)?Listener)$/.test(method) && first !== 'exit'
  // The command line is a process of its own.
  assert.deepEqual(JS.filter((file) => LOADED.get(file).calls.some(listens)), ['lib/cli/interrupt.js', 'lib/triggers/signal.js'])
})

test('modules are required by a plain text and in no other way, so that what is required can be seen', () => {
  for (const [file, { others }] of LOADED) if (file !== INJECTED) assert.deepEqual(others, [], file)
  assert.deepEqual(requiring(/^(node:)?(module|vm)$/), [])
})

// What runs in a process of its own, or in a browser, may do as it likes.
const IN_SERVICES = LIB.filter((file) => !/^lib\/(cli|processes|report|page\/shared|flame\/page)\//.test(file))

test('promises are waited for by await and lib/promises.js alone, because a service may have patched the rest', () => {
  const others = IN_SERVICES.filter((file) => file !== 'lib/promises.js')
  assert.deepEqual(matching(others, /\.(then|catch|finally)\(|\bPromise\b[.(]|new Promise\b/), [])
})

test('async functions await the promises that they return: else the engine asks for their then()', () => {
  assert.deepEqual(IN_SERVICES.flatMap((file) => unawaited(read(file)).map((line) => `${file}:${line}`)), [])
  assert.deepEqual(unawaited('async () => f()\nasync function a () { return b ? f() : 1 }\nasync () => { return [].map(() => { return f() }) }'), [1, 2, 3])
  assert.deepEqual(unawaited('async () => await f(); () => f(); async () => { return JSON.parse(await f()) }; async () => (() => f())'), [])
})

/** The lines on which an async function returns what a call answers, without `await`. */
function unawaited (text) {
  const source = ts.createSourceFile('file.js', text, ts.ScriptTarget.Latest, true)
  const lines = []
  const check = (node) => {
    const branches = ts.isConditionalExpression(node) ? [node.whenTrue, node.whenFalse] : [node]
    if (branches.some((branch) => ts.isCallExpression(branch) && !/\bawait\b/.test(branch.getText()))) {
      lines.push(source.getLineAndCharacterOfPosition(node.getStart()).line + 1)
    }
  }
  const visit = (node, isAsync) => {
    if (ts.isFunctionLike(node)) {
      isAsync = node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword)
      if (isAsync && !ts.isBlock(node.body)) check(node.body)
    }
    if (isAsync && ts.isReturnStatement(node) && node.expression) check(node.expression)
    ts.forEachChild(node, (child) => visit(child, isAsync))
  }
  visit(source, false)
  return lines
}

test('clocks and timers are those of lib/time.js, because a service may have replaced the rest', () => {
  const others = IN_SERVICES.filter((file) => file !== 'lib/time.js')
  assert.deepEqual(matching(others, /\b(set|clear)(Timeout|Interval|Immediate)\b|\bperformance\b|\bDate\.now\b|new Date\(\)/), [])
})

test('V8 is never asked to report progress: it would run JavaScript in the middle of its walk over the heap', () => {
  assert.deepEqual(matching(JS, /reportProgress: true/), [])
})

test('the command line and the public module stand on lib, never the other way', () => {
  assert.deepEqual(requiring(/^(\.\.\/)+(index|bin)|^(\.\.\/?)+$/, LIB), [])
  assert.deepEqual(requiring(/\/cli(\/|$)/, LIB.filter((file) => !file.startsWith('lib/cli/'))), [])
  // What reaches into other processes is the command line's.
  assert.deepEqual(requiring(/\/processes\//, LIB.filter((file) => !/^lib\/(cli|processes)\//.test(file))), [])
})

test('the library has no runtime dependency and no install script', () => {
  const manifest = JSON.parse(read('package.json'))
  assert.equal(manifest.dependencies, undefined)
  for (const script of ['preinstall', 'install', 'postinstall', 'prepare']) assert.equal(manifest.scripts[script], undefined)
  for (const [file, { required }] of LOADED) {
    for (const name of required) assert.ok(name.startsWith('node:') || name.startsWith('.'), `${file} requires ${name}`)
  }
})

test('the library never prints', () => {
  assert.deepEqual(matching(JS, /\bconsole\b/), [])
  assert.deepEqual(matching(JS, /process\.(stdout|stderr)/), [])
})

test('napi is named in src/binding only', () => {
  const named = (file) => tokens(read(file)).some(({ text }) => /^napi(_derive)?$/.test(text))
  assert.deepEqual(RUST.filter((file) => !file.startsWith('src/binding/') && named(file)), [])
})

/** What a core module may name of its crate besides itself. */
const SHARED = ['error', 'Error', 'ErrorKind', 'Result', 'descriptors', 'priority']

/** The core's modules, and what each may name. Forks and readings ask the host how much memory there is, readings also what source maps say. */
const MAY_NAME = { sink: SHARED, heap: [...SHARED, 'host', 'source_maps'], host: SHARED, source_maps: SHARED, process: SHARED, alarms: SHARED, profile: [...SHARED, 'source_maps'], readers: SHARED, fork: [...SHARED, 'host'], error: [], descriptors: [], priority: [] }

/** The names of a source of the crate that it may not use. */
function forbidden (file, source) {
  const [, own] = /^src\/(\w+)/.exec(file)
  return cratePaths(source, file).filter(([name]) => name !== own && !MAY_NAME[own].includes(name)).map((names) => names.join(' '))
}

test('core modules do not import one another, in no form', () => {
  const core = RUST.filter((file) => file !== 'src/lib.rs' && !file.startsWith('src/binding/'))
  const known = new Set(core.map((file) => /^src\/(\w+)/.exec(file)[1]))
  assert.deepEqual([...known].sort(), Object.keys(MAY_NAME).sort())
  for (const file of core) assert.deepEqual(forbidden(file, read(file)), [], file)
})

/** The rooms of src/heap, on the way of the data, and which rooms each may ask. */
const HEAP_ROOMS = {
  v8: [],
  names: ['v8'],
  reading: ['v8'],
  redaction: ['v8', 'names', 'reading'],
  graph: ['v8', 'reading'],
  originals: ['v8', 'reading', 'graph'],
  analysis: ['v8', 'reading', 'graph', 'originals'],
  words: ['v8', 'names', 'graph', 'analysis'],
  holding: ['v8', 'names', 'graph', 'analysis', 'words'],
  answers: ['v8', 'names', 'reading', 'graph', 'analysis', 'words', 'holding']
}

/** What a source in a room of src/heap names of src/heap that it may not: of later rooms, and of `heap` itself. */
function forbiddenInHeap (file, source) {
  const [, own] = /^src\/heap\/(\w+)\//.exec(file)
  return cratePaths(source, file).filter(([first]) => first === 'heap' || first === '*')
    .filter(([, room]) => room !== own && !HEAP_ROOMS[own].includes(room)).map((names) => names.join(' '))
}

test('the rooms of src/heap ask only those before them on the way of the data', () => {
  const inRooms = files('src/heap', '.rs').filter((file) => file !== 'src/heap/mod.rs')
  const known = new Set(inRooms.map((file) => /^src\/heap\/(\w+)/.exec(file)[1]))
  assert.deepEqual([...known].sort(), Object.keys(HEAP_ROOMS).sort())
  for (const file of inRooms) assert.deepEqual(forbiddenInHeap(file, read(file)), [], file)
})

test('the scan for what rooms of src/heap ask sees every form of it', () => {
  const cases = [
    ['src/heap/reading/scan.rs', 'use crate::heap::graph::Location;', ['heap graph Location']],
    ['src/heap/graph/columns.rs', 'use super::super::{v8::NodeKind, analysis::Heap};', ['heap analysis Heap']],
    ['src/heap/answers/diff/lines.rs', 'use crate::heap::{holding::Positions, redaction::{self, Redactor}};', ['heap redaction', 'heap redaction Redactor']],
    ['src/heap/answers/diff/mod.rs', 'fn f() { super::super::redaction::f() }', ['heap redaction f']],
    ['src/heap/v8/names.rs', 'mod tests { use crate::heap::*; }', ['heap *']],
    ['src/heap/words/steps.rs', 'use crate::heap::Heap;', ['heap Heap']],
    // None of these is forbidden.
    ['src/heap/words/steps.rs', 'use super::nodes::shown_name; use crate::heap::analysis::Heap; use crate::error::Error; // crate::heap::answers', []]
  ]
  for (const [file, source, expected] of cases) assert.deepEqual(forbiddenInHeap(file, source), expected, `${file}: ${source}`)
})

test('no files of src/heap and src/binding use one another in a circle', () => {
  const inside = RUST.filter((file) => /^src\/(heap|binding)\//.test(file))
  assert.deepEqual(circles(inside, read), [])
})

test('a circle of files is seen, also over the file that declares them', () => {
  const found = (sources) => circles(Object.keys(sources), (file) => sources[file]).map((circle) => circle.sort())
  assert.deepEqual(found({ 'src/a/mod.rs': 'mod b; pub use b::B;', 'src/a/b.rs': 'use super::c;' }), [['src/a/b.rs', 'src/a/mod.rs']])
  assert.deepEqual(found({ 'src/a.rs': 'use crate::b::B;', 'src/b.rs': 'fn f() { crate::c::f() }', 'src/c.rs': 'use super::a;' }), [['src/a.rs', 'src/b.rs', 'src/c.rs']])
  assert.deepEqual(found({ 'src/a/mod.rs': 'mod b; mod c;', 'src/a/b.rs': 'use super::c::C;', 'src/a/c.rs': 'mod tests { use super::*; }' }), [])
})

test('the crate gives out only its errors under names of its own', () => {
  assert.deepEqual([...read('src/lib.rs').matchAll(/^ *(?:pub )?use .*$/gm)].map(([line]) => line), ['pub use error::{Error, ErrorKind, Result};'])
})

test('the scan for imports sees every form of them (Rust)', () => {
  const cases = [
    ['src/sink/lane.rs', 'use crate::heap::Graph;', ['heap Graph']],
    ['src/sink/lane.rs', 'use crate::{sink, heap};', ['heap']],
    ['src/sink/lane.rs', 'use crate::{\n  error::{Error, Result},\n  heap::{self, text::{self as t, *}},\n};', ['heap', 'heap text', 'heap text *']],
    ['src/sink/lane.rs', 'pub(crate) use crate::r#heap as other;', ['heap']],
    ['src/sink/lane.rs', 'pub use super::super::heap;', ['heap']],
    ['src/sink/mod.rs', 'use super::heap;', ['heap']],
    ['src/sink/mod.rs', 'use super::{lane, self};', ['lane', '*']],
    ['src/sink/mod.rs', 'use super::*;', ['*']],
    ['src/sink/mod.rs', 'use crate as all; fn f() { all::heap::f() }', ['*']],
    ['src/sink/mod.rs', 'use self::super::heap;', ['heap']],
    ['src/sink/mod.rs', 'mod tests { use super::*; use super::super::heap; }\nuse super::binding;', ['heap', 'binding']],
    ['src/process.rs', 'mod a { mod b { use super::super::x; use super::super::super::fork; } } use super::host;', ['fork', 'host']],
    ['src/sink/mod.rs', 'fn f() -> crate::heap::Graph { ::std::mem::drop(crate :: host :: free()); super::process::defaults() }', ['heap Graph', 'host free', 'process defaults']],
    ['src/sink/mod.rs', 'macro_rules! m { () => { $crate::heap::f() } }', ['heap f']],
    ['src/sink/mod.rs', 'assert!(matches!(x, crate::heap::NodeKind::Code));', ['heap NodeKind Code']],
    ['src/sink/mod.rs', 'extern crate self as me; use me::heap;', ['! extern crate self']],
    ['src/sink/mod.rs', '#[path = "../heap/mod.rs"] mod other; include!("../heap/text.rs");', ['! #[path]', '! include!']],
    ['src/fork/mod.rs', 'use crate::{host, sink};', ['sink']],
    ['src/host/mod.rs', 'use crate::fork;', ['fork']],
    // None of these is an import.
    ['src/sink/mod.rs', '// use crate::heap;\n/* a /* b */ use crate::heap; */ const A: &str = "use crate::heap;"; const B: &str = r#"crate::heap "q" "#;', []],
    ['src/sink/mod.rs', "fn f<'a>(c: char) -> &'a str { if c == '\"' || c == '\\'' { self.heap() } else { heap::f() } }", []],
    ['src/sink/mod.rs', 'use std::{self, io::{self, Read}}; use crate::error::{Error, Result}; use self::lane::Lane; pub(in crate::sink) fn f() {}', []]
  ]
  for (const [file, source, expected] of cases) assert.deepEqual(forbidden(file, source), expected, `${file}: ${source}`)
})

test('the scan for imports sees every form of them (JavaScript)', () => {
  const cases = [
    ["const { a } = require('node:inspector')", ['node:inspector'], 0],
    ['const a = require("./binding.js").x', ['./binding.js'], 0],
    ["import a, { b } from 'node:inspector'; export * from './binding.js'; import './c'", ['node:inspector', './binding.js', './c'], 0],
    ['require(`node:inspector`)', [], 1],
    ["require('node:' + 'inspector')", [], 1],
    // eslint-disable-next-line no-template-curly-in-string
    ['require(`node:${name}`)', [], 1],
    ["import('node:inspector')", [], 1],
    ['const load = require; load(name)', [], 1],
    ['module.require(name)', [], 1],
    ['require.main.require(name)', [], 2],
    ["const { createRequire: c } = require('node:module')", ['node:module'], 1],
    ["process.binding('inspector')", [], 1],
    ["process['binding']('inspector')", [], 1],
    ["const { binding } = process; binding('inspector')", [], 1],
    ["globalThis.process.binding('inspector')", [], 1],
    ["process.getBuiltinModule('inspector'); process._linkedBinding(a); process.dlopen(b, c)", [], 3],
    ["eval('require')(name); new Function('return 1')", [], 2],
    // None of these loads anything.
    ["// require('x')\nconst text = \"require('x')\"; const binding = other.binding; const list = /require\\('x'\\)/", [], 0]
  ]
  for (const [source, required, others] of cases) {
    const found = modules(source)
    assert.deepEqual(found.required, required, source)
    assert.equal(found.others.length, others, `${source}: ${found.others}`)
  }
})

test('what tests need that not every machine has is said in one place', () => {
  // Libraries that leak bring tests of their own.
  const others = files('__test__', '.test.js').filter((file) => file !== '__test__/architecture.test.js' && !file.includes('node_modules'))
  assert.deepEqual(matching(others, /getuid|'unshare'|'needs |\bskip\b.*(process\.|&& ')/), [])
})

test('what builds the addon stays at the top, and V8 leaves no logs there', { skip: program('git') }, () => {
  for (const name of ['src', 'build.rs', 'Cargo.toml']) assert.ok(fs.existsSync(path.join(ROOT, name)), name)
  const tracked = execFileSync('git', ['ls-files', 'isolate-*', '*v8.log'], { cwd: ROOT, encoding: 'utf8' })
  assert.equal(tracked, '')
  const ignored = execFileSync('git', ['check-ignore', 'isolate-0x1-1-v8.log'], { cwd: ROOT, encoding: 'utf8' })
  assert.equal(ignored, 'isolate-0x1-1-v8.log\n')
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

test('every option that is a number has its unit in its name or in its description', () => {
  const file = ts.createSourceFile('index.d.ts', read('index.d.ts'), ts.ScriptTarget.Latest, true)
  const numbers = file.statements
    .filter((node) => ts.isInterfaceDeclaration(node) && /(Options|Defaults)$/.test(node.name.text))
    .flatMap(({ members }) => members.filter((member) => member.type?.getText().includes('number')))
  assert.ok(numbers.length > 15)
  const without = numbers.filter((member) => !/(Ms|Bytes|seconds)$/i.test(member.name.text) &&
    !/bytes|microseconds|seconds|frames|processor|share of|at most so many|how many|gzip 0 to 9/i.test(ts.getJSDocCommentsAndTags(member).map((comment) => comment.getText()).join()))
  assert.deepEqual(without.map((member) => member.name.text), [])
})
