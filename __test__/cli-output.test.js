'use strict'

// Where the command's output goes: a pipe that is closed, a disk that is full. Neither ends in a stack trace, and the exit code is right.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { writeLarge } = require('./fixtures/heap-large')
const { OWN_MOUNTS, linux, ownMounts, posix } = require('./needs')
const { cleanEnv, tmpDir, run, ls } = require('./support')

const CLI = path.join(__dirname, '../bin/heapkit.js')

const PROFILE = '{"head":{"callFrame":{"functionName":"(root)"},"selfSize":0,"children":[{"callFrame":{"functionName":"f\\u001b[2J"},"selfSize":7,"children":[]}]}}'

/** A directory with two snapshots, a packed one and a profile, and every command on them with the code that it has where it can write. */
function commands (t) {
  const dir = tmpDir(t)
  const [a, b] = [200, 20_000].map((objects) => {
    const file = path.join(dir, `${objects}.heapsnapshot`)
    writeLarge(file, objects)
    return file
  })
  const out = (name) => path.join(dir, name)
  const profile = out('a.heapprofile')
  fs.writeFileSync(profile, PROFILE)
  return [
    [['--help'], 0], [['--version'], 0], [[], 2], [['diff', '--help'], 0],
    [['summary', b, '--top', '10000'], 0], [['summary', b, '--json'], 0],
    [['suspects', b], 0], [['suspects', b, '--check'], 3],
    [['retainers', b, 'Item', '--paths', '1000'], 0],
    [['diff', a, b], 0], [['diff', a, b, '--max-growth', '1k'], 3],
    [['report', b, '-o', out('page.html')], 0], [['flame', profile, '-o', out('flame.html')], 0],
    [['redact', b, out('redacted')], 0], [['decompress', b, out('copy')], 0],
    [['list', dir], 0], [['list', dir, '--json'], 0]
  ]
}

/** Runs the command with this standard output, and standard error as well if it is to be lost, too. */
async function ended (args, stdout, stderr = 'pipe') {
  const child = spawn(process.execPath, [CLI, ...args], { env: cleanEnv(), stdio: ['ignore', stdout, stderr] })
  let error = ''
  child.stderr?.setEncoding('utf8').on('data', (text) => { error += text })
  // Nobody reads it: a pipe without a reader.
  child.stdout?.destroy()
  const [code, signal] = await once(child, 'close')
  return { code, signal, error }
}

test('whoever reads may leave: every command ends quietly, with the code that it would have', { skip: posix('pipes that break') }, async (t) => {
  for (const [args, code] of commands(t)) {
    assert.deepEqual(await ended(args, 'pipe'), { code, signal: null, error: '' }, args.join(' '))
  }
})

test('a full disk behind standard output is one line and exit code 1', { skip: linux('/dev/full') }, async (t) => {
  const full = fs.openSync('/dev/full', 'w')
  t.after(() => fs.closeSync(full))
  for (const [args] of commands(t)) {
    assert.deepEqual(await ended(args, full), { code: 1, signal: null, error: 'heapkit: standard output cannot be written: ENOSPC: no space left on device, write\n' }, args.join(' '))
  }
})

test('errors that cannot be told change no exit code', { skip: linux('/dev/full') }, async (t) => {
  const full = fs.openSync('/dev/full', 'w')
  t.after(() => fs.closeSync(full))
  assert.equal((await ended(['nope'], 'pipe', full)).code, 2)
  assert.equal((await ended(['summary', '/nowhere/at/all'], 'pipe', full)).code, 1)
})

test('a full disk behind a file leaves nothing there, and says so', { skip: ownMounts() }, async (t) => {
  const file = path.join(tmpDir(t), 'a.heapsnapshot')
  writeLarge(file, 20_000)
  const disk = tmpDir(t)
  const [unshare, ...flags] = OWN_MOUNTS
  // The directory is seen from outside after the command: what is left is listed by the same shell.
  const command = [unshare, ...flags, 'sh', '-c', `mount -t tmpfs -o size=128k tmpfs ${disk} && { "$@"; code=$?; ls -A ${disk}; exit $code; }`, 'sh']
  for (const args of [['report', file, '-o', `${disk}/page.html`], ['redact', file, `${disk}/copy`], ['decompress', file, `${disk}/copy`]]) {
    const cli = run(t, '../../bin/heapkit.js', { args, command })
    assert.deepEqual(await cli.exit, { code: 1, signal: null }, cli.stderr())
    assert.match(cli.stderr(), /^heapkit: .*(No room|[Nn]o space|not enough space).*\n$/, args[0])
    assert.equal(cli.stdout(), '', 'nothing is left')
  }
})

test('names of files give a terminal no orders', { skip: posix('any byte in a name') }, async (t) => {
  const dir = tmpDir(t)
  const name = 'Heap\x1b]0;mine\x07.20261120.213000.4242.0.001.heapsnapshot'
  fs.writeFileSync(path.join(dir, name), '')
  fs.writeFileSync(path.join(dir, 'Heap.20261120.213000.4242.0.001.heapsnapshot'), '')
  const hostile = path.join(dir, 'out\x1b[2J\u009b\u202e')
  writeLarge(path.join(dir, 'a'), 10)
  for (const args of [['list', dir], ['list', hostile], ['summary', hostile], ['decompress', path.join(dir, 'a'), hostile], ['decompress', path.join(dir, 'a'), `${hostile}2`, '--json'], ['list', dir, '--json'],
    ['report', path.join(dir, 'a'), '-o', `${hostile}.html`], ['redact', path.join(dir, 'a'), `${hostile}3`]]) {
    const cli = run(t, '../../bin/heapkit.js', { args })
    await cli.exit
    assert.doesNotMatch(cli.stdout() + cli.stderr(), /(?!\n)[\p{Cc}\u202e]/u, args.join(' '))
  }
  assert.ok(ls(dir).includes(path.basename(`${hostile}2`)))
})
