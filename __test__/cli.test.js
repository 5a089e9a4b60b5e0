'use strict'

// The command line: what it prints and how it exits.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { links } = require('./needs')
const { tmpDir, run } = require('./support')
const { listArtifacts } = require('..')
const { version } = require('../package.json')

const FILES = {
  'Heap.20261120.213000.4242.0.001.heapsnapshot.gz': 1536,
  'CPU.20261120.213001.17.12.1002.cpuprofile': 12,
  'Heap.20261120.213002.4242.0.003.heapprofile.zst': 3 * 1024 * 1024
}

/** Runs bin/heapkit.js to its end. */
async function heapkit (t, args, options) {
  const cli = run(t, '../../bin/heapkit.js', { args, ...options })
  const { code } = await cli.exit
  return { code, stdout: cli.stdout(), stderr: cli.stderr() }
}

/** A directory with three artifacts, one after the other, and what is none. */
function filledDir (t) {
  const dir = tmpDir(t)
  Object.entries(FILES).forEach(([name, bytes], index) => {
    const file = path.join(dir, name)
    fs.writeFileSync(file, Buffer.alloc(bytes))
    fs.utimesSync(file, 1000 + index, 1000 + index)
  })
  fs.writeFileSync(path.join(dir, 'notes.txt'), '')
  if (!links()) fs.symlinkSync('notes.txt', path.join(dir, 'Heap.20261120.213003.4242.0.004.heapprofile'))
  return dir
}

test('--help prints the commands', async (t) => {
  for (const args of [['--help'], ['-h'], ['help']]) {
    const { code, stdout, stderr } = await heapkit(t, args)
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^Usage: heapkit COMMAND/m)
    assert.match(stdout, /^ {2}list {2,}\S/m)
  }
})

test('--version prints the version', async (t) => {
  for (const args of [['--version'], ['-v']]) {
    assert.deepEqual(await heapkit(t, args), { code: 0, stdout: `${version}\n`, stderr: '' })
  }
})

test('a command has its own --help', async (t) => {
  for (const args of [['list', '--help'], ['list', '-h'], ['list', '/tmp', '--help']]) {
    const { code, stdout, stderr } = await heapkit(t, args)
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^Usage: heapkit list \[DIR\] \[--json\]$/m)
  }
})

test('list prints an aligned table, oldest first', async (t) => {
  const { code, stdout, stderr } = await heapkit(t, ['list', filledDir(t)])
  assert.deepEqual([code, stderr], [0, ''])
  assert.ok(stdout.endsWith('\n'))
  const [head, rule, ...rows] = stdout.slice(0, -1).split('\n')
  assert.match(head, /^KIND +CREATED +PID +THREAD +SIZE +FILE$/)
  assert.match(rule, /^-+( {2}-+){5}$/)
  const columns = [...rule.matchAll(/-+/g)].map(({ index, 0: { length } }) => [index, index + length])
  const cells = rows.map((row) => columns.map(([from, to]) => row.slice(from, to)))
  for (const row of rows) for (const [from] of columns.slice(1)) assert.equal(row.slice(from - 2, from), '  ')
  assert.deepEqual(cells.map(([kind]) => kind.trim()), ['snapshot', 'cpu', 'sampling'])
  assert.deepEqual(cells.map(([, created]) => new Date(created).toISOString()),
    ['21:30:00', '21:30:01', '21:30:02'].map((time) => new Date(`2026-11-20T${time}`).toISOString()))
  assert.deepEqual(cells.map(([, , pid]) => pid), ['4242', '  17', '4242'])
  assert.deepEqual(cells.map(([, , , thread]) => thread), ['     0', '    12', '     0'])
  assert.deepEqual(cells.map(([, , , , size]) => size), ['1.5 KiB', '   12 B', '3.0 MiB'])
  assert.deepEqual(cells.map(([, , , , , file]) => file.trim()), Object.keys(FILES))
})

test('list --json prints what listArtifacts() answers', async (t) => {
  const dir = filledDir(t)
  const { code, stdout, stderr } = await heapkit(t, ['list', '--json', dir])
  assert.deepEqual([code, stderr], [0, ''])
  const artifacts = JSON.parse(stdout)
  assert.deepEqual(artifacts, await listArtifacts(dir))
  assert.deepEqual(artifacts.map((artifact) => path.basename(artifact.path)), Object.keys(FILES))
})

test('list looks where captures go: HEAPKIT_DIR, or the current directory', async (t) => {
  const dir = filledDir(t)
  for (const options of [{ env: { HEAPKIT_DIR: dir } }, { cwd: dir }, { cwd: dir, env: { HEAPKIT_DIR: '.' } }]) {
    const { stdout } = await heapkit(t, ['list', '--json'], options)
    assert.equal(JSON.parse(stdout).length, 3)
  }
  const { stdout } = await heapkit(t, ['list', '--json', dir], { env: { HEAPKIT_DIR: tmpDir(t) } })
  assert.equal(JSON.parse(stdout).length, 3)
})

test('list of an empty or missing directory says so', async (t) => {
  const dir = tmpDir(t)
  for (const where of [dir, path.join(dir, 'missing')]) {
    assert.deepEqual(await heapkit(t, ['list', where]), { code: 0, stdout: 'No artifacts\n', stderr: '' })
    assert.deepEqual(await heapkit(t, ['list', where, '--json']), { code: 0, stdout: '[]\n', stderr: '' })
  }
})

test('wrong usage exits with 2 and one line that says what is wrong', async (t) => {
  for (const [args, message] of [
    [['nope'], /Unknown command "nope"/], [['constructor'], /Unknown command/], [['--nope'], /Unknown command/], [['list', '--nope'], /nope/],
    [['list', '--json=x'], /json/], [['list', 'a', 'b'], /it takes \[DIR\]/], [['', 'list'], /Unknown command/]
  ]) {
    const { code, stdout, stderr } = await heapkit(t, args)
    assert.deepEqual([code, stdout], [2, ''], args.join(' '))
    assert.match(stderr, message)
    assert.match(stderr, /^heapkit: .*\n$/)
  }
})

test('without a command it prints its usage and exits with 2', async (t) => {
  const { code, stdout, stderr } = await heapkit(t, [])
  assert.equal(code, 2)
  assert.match(stdout + stderr, /^Usage: heapkit COMMAND/m)
})

test('a failure exits with 1 and one line', async (t) => {
  const file = path.join(tmpDir(t), 'file')
  fs.writeFileSync(file, '')
  for (const [args, env, message] of [
    [['list', file], {}, /ENOTDIR|not a directory/i],
    [['list'], { HEAPKIT_DIR: file }, /ENOTDIR|not a directory/i],
    [['list'], { HEAPKIT_MAX_FILES: 'many' }, /HEAPKIT_MAX_FILES/]
  ]) {
    const { code, stdout, stderr } = await heapkit(t, args, { env })
    assert.deepEqual([code, stdout], [1, ''], stderr)
    assert.match(stderr, message)
    assert.match(stderr, /^heapkit: .*\n$/)
  }
})
