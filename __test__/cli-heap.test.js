'use strict'

// The commands that read snapshots: what they print, and how they exit.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { tmpDir, run } = require('./support')
const { main } = require('../lib/cli/main')
const { takeSnapshot } = require('..')

async function heapkit (t, ...args) {
  const cli = run(t, '../../bin/heapkit.js', { args })
  const { code } = await cli.exit
  return { code, stdout: cli.stdout(), stderr: cli.stderr() }
}

class Leaked { constructor (index) { this.text = ['leaked', index].join(' ') } }

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
    assert.match(none.stderr, new RegExp(`^heapkit: ${command} .*no arguments were given; \`heapkit ${command} --help\` says more\n$`))
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
  assert.match(suspects.stdout, /One Registry \(@\d+\) retains [\d.]+ % of the heap; the mass is in Array \(@\d+\), held by Registry\.items; it holds 20,100 Leaked\./)
  assert.equal((await heapkit(t, 'suspects', after, '--threshold', '100', '--check')).stdout.startsWith('Nothing retains 100 %'), true)

  const diff = await heapkit(t, 'diff', before, after, '--max-growth', '100k')
  assert.equal(diff.code, 3)
  assert.match(diff.stdout, /^ *GROWTH.*\n *-.*\n *\+[\d.]+ MiB +\+20,000 Leaked held by Registry\.items +100 → 20,100\n +global \.registry Registry \.items Array \[…\] Leaked\n/m)
  assert.match(diff.stdout, /^These lines explain \d+ % of \+[\d.]+ MiB; [\d,]+ more \+[\d.]+ [KM]?i?B \(--top\)/m)
  assert.match(diff.stdout, /Object ids correspond/)
  assert.equal((await heapkit(t, 'diff', before, after, '--max-growth', '1g')).code, 0)
  const json = JSON.parse((await heapkit(t, 'diff', before, after, '--json', '--top', '1')).stdout)
  assert.deepEqual([json.paths.length, json.paths[0].heldBy, json.paths[0].countDelta], [1, 'Registry.items', 20_000])

  const retainers = await heapkit(t, 'retainers', after, 'Leaked', '--paths', '1')
  assert.equal(retainers.code, 0)
  assert.match(retainers.stdout, /^20,10\d Leaked: .* retaining .*\n\n1\. 20,100 of them, retaining [\d.]+ MiB\n(.*\n)* +\.items Array @\d+\n +\[\d+\] Leaked @\d+\n/)
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
  const texts = []
  const into = { isTTY: true, columns, write: (text) => texts.push(text) }
  await main(args, { stdout: into, stderr: { write () {} } })
  return texts.join('')
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
  assert.match(wide[1], /^ +global \.registry Registry \.items Array \[…\] Leaked$/)
})

test('a name from a heap gives a terminal no orders, in any command', async (t) => {
  const hostile = '\x1b]0;mine\x07\nCLASS \u202e'
  const { files } = await twoSnapshots(t, { compression: 'none' })
  for (const file of files) fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replaceAll('"Leaked"', JSON.stringify(hostile)))
  for (const args of [['diff', ...files], ['summary', files[1]], ['suspects', files[1], '--threshold', '5'], ['retainers', files[1], hostile], ['retainers', files[1], `not ${hostile}`]]) {
    const { stdout, stderr } = await heapkit(t, ...args)
    assert.match(stdout + stderr, /\\u\{1b\}\]0;mine\\u\{7\}\\u\{a\}CLASS \\u\{202e\}/, args[0])
    assert.doesNotMatch(stdout + stderr, /(?!\n)[\p{Cc}\u202e]|^CLASS/mu, args[0])
  }
})
