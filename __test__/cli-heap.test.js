'use strict'

// The commands that read snapshots: what they print, and how they exit.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { PassThrough } = require('node:stream')
const { text } = require('node:stream/consumers')
const { test } = require('node:test')
const zlib = require('node:zlib')
const { tmpDir, run } = require('./support')
const { growth } = require('../lib/cli/growth')
const { main } = require('../lib/cli/main')
const { takeSnapshot } = require('..')

async function heapkit (t, ...args) {
  const cli = run(t, '../../bin/heapkit.js', { args })
  const { code } = await cli.exit
  return { code, stdout: cli.stdout(), stderr: cli.stderr() }
}

class Leaked { constructor (index) { this.text = ['leaked', index].join(' ') } }

// In Node 26 the global object may be nearest by the context that has it.

/** Two snapshots; between them 20,000 objects were made that `registry.items` keeps. */
async function twoSnapshots (t, options) {
  const dir = tmpDir(t)
  class Registry { items = [] }
  globalThis.registry = new Registry()
  t.after(() => delete globalThis.registry)
  const files = []
  for (const count of [100, 20_000]) {
    for (let index = 0; index < count; index++) globalThis.registry.items.push(new Leaked(index))
    files.push((await takeSnapshot({ dir, mode: 'inline', ...options })).path)
  }
  return { dir, files }
}

test('each command says what it is for, and refuses what it is not', async (t) => {
  const { stdout } = await heapkit(t, '--help')
  for (const [command, arguments_] of [
    ['summary', 'FILE'], ['suspects', 'FILE'], ['retainers', 'FILE @ID|CLASS'], ['diff', 'A B [C …]'],
    ['report', 'FILE [BASE] -o OUT.html'], ['redact', 'IN OUT'], ['decompress', 'IN [OUT]']
  ]) {
    assert.match(stdout, new RegExp(`^ {2}${command} {2,}\\S`, 'm'))
    const help = await heapkit(t, command, '--help')
    assert.deepEqual([help.code, help.stderr], [0, ''])
    assert.ok(help.stdout.startsWith(`Usage: heapkit ${command} ${arguments_}`), help.stdout)
    const none = await heapkit(t, command)
    assert.equal(none.code, 2)
    assert.match(none.stderr, new RegExp(`^heapkit: ${command}: .* (is|are) missing; \`heapkit ${command} --help\` says more\n$`))
    assert.equal((await heapkit(t, command, '--nonsense')).code, 2)
  }
})

test('the whole hunt: summary, suspects, diff, retainers', async (t) => {
  const { files: [before, after] } = await twoSnapshots(t)

  const summary = await heapkit(t, 'summary', after, '--top', '5', '--sort', 'count')
  assert.equal(summary.code, 0, summary.stderr)
  assert.match(summary.stdout, /^[\d.]+ MiB in [\d,]+ nodes, [\d,]+ edges, [\d,]+ strings\n/)
  assert.match(summary.stdout, /^CONSTRUCTOR +SCRIPT:LINE:COLUMN +DISTANCE +COUNT +SHALLOW +RETAINED +SHARE$/m)
  assert.match(summary.stdout, /^Leaked +[\d:]+ +\d+ +20,10\d /m)
  assert.match(summary.stdout, /^… \d+ more constructors \(--top\)$/m)
  assert.equal(summary.stderr, '', 'no progress where there is no terminal')

  const suspects = await heapkit(t, 'suspects', after, '--threshold', '5', '--check')
  assert.equal(suspects.code, 3)
  assert.match(suspects.stdout, /^1\. [\d.]+ MiB \([\d.]+ % of [\d.]+ MiB\)\n {3}20,100 Leaked held by Registry\.items \(Array @\d+\) retain [\d.]+ % of the heap\.\n {3}path: (system \/ NativeContext {2}\{global_object} )?global( \(global\*\))? {2}\.registry Registry {2}\.items Array\n/)
  assert.equal((await heapkit(t, 'suspects', after, '--threshold', '100', '--check')).stdout.startsWith('Nothing retains 100 %'), true)

  // How many of V8's own things grew is another number in each process: two lines are always fewer.
  const diff = await heapkit(t, 'diff', before, after, '--max-growth', '100k', '--top', '2')
  assert.equal(diff.code, 3)
  assert.match(diff.stdout, /^ *GROWTH.*\n *-.*\n *\+[\d.]+ MiB +\+20,000 Leaked held by Registry\.items +100 → 20,100\n +.*global.* \.registry Registry \.items Array \[…\] Leaked\n/m)
  assert.match(diff.stdout, /^These lines explain \d+ % of \+[\d.]+ MiB; [\d,]+ more \+[\d.]+ [KM]?i?B \(--top\)/m)
  assert.match(diff.stdout, /Object ids correspond/)
  assert.equal((await heapkit(t, 'diff', before, after, '--max-growth', '1g')).code, 0)
  const json = JSON.parse((await heapkit(t, 'diff', before, after, '--json', '--top', '1')).stdout)
  assert.deepEqual([json.paths.length, json.paths[0].heldBy, json.paths[0].countDelta], [1, 'Registry.items', 20_000])

  const retainers = await heapkit(t, 'retainers', after, 'Leaked', '--paths', '1')
  assert.equal(retainers.code, 0)
  assert.match(retainers.stdout, /^20,10\d Leaked: .* retaining .*\n\n1\. 20,100 of them, retaining [\d.]+ MiB\n(.*\n)* +\.items Array @\d+\n +\[\d+\] Leaked @\d+\n/)
})

test('retainers of what a long list refers to are few lines, and so is the path to its end', async (t) => {
  class Config { name = 'shared' }
  class Entry {
    next = null
    constructor (config) { this.config = config }
  }
  class Queue { head = null }
  class End { letters = {} }
  const queue = new Queue()
  const config = new Config()
  let last = queue.head = new Entry(config)
  for (let index = 1; index < 20_000; index++) last = last.next = new Entry(config)
  const end = last.config = new End()
  // Ways that do not repeat, more than fit.
  for (let way = 0; way < 10; way++) {
    let at = end.letters
    for (let step = 0; step < 100; step++) at = at[`${String.fromCharCode(97 + way)}_${'x'.repeat(step + 1)}`] = {}
    at[`way${'y'.repeat(way + 1)}`] = config
  }
  globalThis.queue = queue
  t.after(() => delete globalThis.queue)
  const { path: file } = await takeSnapshot({ dir: tmpDir(t), mode: 'inline' })
  const ask = async (target, ...more) => await heapkit(t, 'retainers', file, target, ...more)

  const { stdout } = await ask('Config')
  assert.match(stdout, /^1\. 1 of them.*\n(?: +system \/ NativeContext @\d+\n)? +.*global.* @\d+\n +\.queue Queue @\d+\n +\.head Entry @\d+\n +\.config Config @\d+\n$/m)
  const { id } = JSON.parse((await ask('Config', '--json')).stdout).paths[0].steps.at(-1)
  const one = await ask(`@${id}`)
  assert.match(one.stdout, /^2\. 19,998 paths like this\n(?:.*\n){2,3} +\.head Entry @\d+\n +\.next Entry @\d+\n +\.config Config/m)
  assert.match(one.stdout, /^ +\.next Entry @\d+\n +… 19,99\d more \.next Entry …\n/m)
  assert.match(one.stdout, /^ +… \d+ more …\n/m)
  assert.ok(one.stdout.match(/\n/g).length <= 200, one.stdout)
  const answer = JSON.parse((await ask(`@${id}`, '--json')).stdout)
  assert.deepEqual([answer.pathCount >= 11, answer.paths.length], [true, 10])
  for (const { steps } of answer.paths) assert.ok(steps.length <= 61)
  const { largest } = JSON.parse((await heapkit(t, 'summary', file, '--top', '10000', '--json')).stdout)
  const deep = largest.filter(({ name, distance }) => name === 'Entry' && distance > 100)
  assert.ok(deep.length > 1000)
  for (const { path } of deep) assert.ok(path.length < 10 && path.some(({ by, name, count }) => count > 50 && (by === '.next' || by === '')), JSON.stringify(path))
})

test('decompress unpacks beside the file, whole or not at all', async (t) => {
  const dir = tmpDir(t)
  const { path: file, rawBytes } = await takeSnapshot({ dir, mode: 'inline', compression: 'zstd' })
  const { code, stdout } = await heapkit(t, 'decompress', file)
  const plain = file.replace(/\.zst$/, '')
  assert.deepEqual([code, stdout.startsWith(plain)], [0, true])
  assert.equal(fs.statSync(plain).size, rawBytes)
  JSON.parse(fs.readFileSync(plain, 'utf8'))
  assert.equal((await heapkit(t, 'decompress', file)).code, 1)
  const refused = await heapkit(t, 'decompress', plain)
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /does not end in \.gz or \.zst; name the copy/)
})

test('what cannot be read is one line, and exit code 1', async (t) => {
  const dir = tmpDir(t)
  const bad = path.join(dir, 'bad.heapsnapshot')
  fs.writeFileSync(bad, '{"snapshot":')
  for (const args of [['summary', bad], ['suspects', bad], ['retainers', bad, 'X'], ['diff', bad, bad], ['decompress', path.join(dir, 'x.gz')]]) {
    const { code, stdout, stderr } = await heapkit(t, ...args)
    assert.deepEqual([code, stdout], [1, ''], stderr)
    assert.match(stderr, /^heapkit: .*\n$/)
  }
  assert.equal((await heapkit(t, 'summary', bad, '--top', '0')).code, 2)
  assert.equal((await heapkit(t, 'summary', bad, '--sort', 'name')).code, 2)
})

/** What a command prints on a terminal of that many columns. */
async function onTerminal (columns, ...args) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const shown = text(stdout)
  await main(args, { stdout: Object.assign(stdout, { isTTY: true, columns }), stderr })
  stdout.end()
  return await shown
}

test('what grew fits the terminal: paths lose their front, and a holder is never broken', async (t) => {
  const { files } = await twoSnapshots(t)
  const rows = (text) => text.slice(text.indexOf('  GROWTH'), text.indexOf('These lines')).trimEnd().split('\n').slice(2)
  for (const columns of [60, 80]) {
    const lines = rows(await onTerminal(columns, 'diff', ...files))
    assert.ok(lines.some((line) => /held by Registry\.items/.test(line)), lines.join('\n'))
    for (const line of lines) assert.ok(line.length <= columns || /^ +held by/.test(line), line)
  }
  const wide = rows(await onTerminal(200, 'diff', ...files))
  assert.match(wide[0], /\+20,000 Leaked held by Registry\.items +100 → 20,100$/)
  assert.match(wide[1], /^ +.*global.* \.registry Registry \.items Array \[…\] Leaked$/)
})

test('every table fits the terminal, paths lose their front, and what is cut says so', async (t) => {
  const { dir, files } = await twoSnapshots(t)
  // Names that are too long for any terminal.
  const long = 'L'.repeat(300)
  const file = path.join(dir, 'long.heapsnapshot')
  fs.writeFileSync(file, zlib.gunzipSync(fs.readFileSync(files[1])).toString().replaceAll('"Leaked"', JSON.stringify(long)))
  const commands = [['summary', file], ['suspects', file, '--threshold', '5'], ['diff', files[0], file], ['retainers', file, long], ['list', dir]]
  for (const columns of [60, 80, 100]) {
    for (const args of commands) {
      const shown = await onTerminal(columns, ...args)
      const wide = shown.split('\n').filter((line) => line.length > columns)
      // What grew keeps a holder whole.
      assert.deepEqual(wide.filter((line) => !/held by/.test(line)), [], `${args[0]} on ${columns} columns`)
    }
  }
  const summary = await onTerminal(80, 'summary', file)
  assert.match(summary, /^CONSTRUCTOR +(SCRIPT:LINE:COLUMN +)?DISTANCE/m)
  assert.match(summary, /^ {4}(…|global).* {2}\.items Array$/m)
  const listed = (await onTerminal(60, 'list', dir)).split('\n')
  assert.match(listed[0], /^KIND +SIZE +FILE$/)
  assert.ok(listed.some((line) => line.includes(path.basename(files[0]).slice(-30))), listed.join('\n'))
  // What no terminal shows has all of it.
  assert.match((await heapkit(t, 'summary', file)).stdout, /SCRIPT:LINE:COLUMN/)
})

test('a name from a heap gives a terminal no orders, in any command', async (t) => {
  const hostile = '\x1b]0;mine\x07\nCLASS \u202e'
  const { files } = await twoSnapshots(t, { compression: 'none' })
  for (const file of files) fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll('"Leaked"', JSON.stringify(hostile)))
  for (const args of [['diff', ...files], ['summary', files[1]], ['suspects', files[1], '--threshold', '1'], ['retainers', files[1], hostile], ['retainers', files[1], `not ${hostile}`]]) {
    const { stdout, stderr } = await heapkit(t, ...args)
    assert.match(stdout + stderr, /\\u\{1b\}\]0;mine\\u\{7\}\\u\{a\}CLASS \\u\{202e\}/, args[0])
    assert.doesNotMatch(stdout + stderr, /(?!\n)[\p{Cc}\u202e]|^CLASS/mu, args[0])
  }
})

test('a line of growth says whether there are more things, as many, or fewer', () => {
  const line = (countDelta) => ({ name: 'Job', heldBy: 'Queue.jobs', countDelta, sizeDelta: 4096, counts: [9, 9 + countDelta], path: [], grewEveryTime: true })
  const text = growth({ paths: [line(3), line(0), line(-5)], pathCount: 3, snapshots: [{}, {}], rest: { grown: { count: 0, sizeDelta: 0 }, shrunk: { count: 0, sizeDelta: 0 } } }, Infinity)
  assert.match(text, /\+3 Job held by.*\n.*larger: Job held by.*\n.*fewer, but larger: Job held by Queue\.jobs +9 → 4\n/)
})
