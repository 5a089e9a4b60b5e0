'use strict'

// What the tests share: directories that go away, child processes that are waited for, artifacts that are read back.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const zlib = require('node:zlib')
const { OWN_MOUNTS, posix } = require('./needs')

const FIXTURES = path.join(__dirname, 'fixtures')

// Whoever runs the tests may have set some of heapkit's variables: they are not meant for them. Require this file first.
for (const name of Object.keys(process.env)) {
  if (name.startsWith('HEAPKIT_')) delete process.env[name]
}

/** An empty directory that is removed after the test. */
function tmpDir (t) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-test-'))
  // Windows keeps a file that is removed for as long as somebody has it open.
  t.after(() => fs.promises.rm(dir, { recursive: true, force: true, maxRetries: 20 }))
  return dir
}

/** What the directory holds, sorted. */
function ls (dir) {
  return fs.readdirSync(dir).sort()
}

/** The raw text of an artifact, after a check that size and digest are what the artifact says. */
function readArtifact ({ path: file, bytes, sha256, rawBytes, compression }) {
  const packed = fs.readFileSync(file)
  assert.equal(packed.length, bytes)
  assert.equal(createHash('sha256').update(packed).digest('hex'), sha256)
  const raw = unpack(packed, compression)
  assert.equal(raw.length, rawBytes)
  return raw.toString('utf8')
}

function unpack (packed, compression) {
  if (compression === 'gzip') return zlib.gunzipSync(packed)
  // node:zlib has zstd from Node 22.15 on; before that the tests ask for other codecs, or read the file otherwise.
  if (compression === 'zstd') return zlib.zstdDecompressSync(packed)
  return packed
}

/** Parses a heap snapshot and checks that it is whole: as many nodes and edges as its header says. */
function parseSnapshot (text) {
  const snapshot = JSON.parse(text)
  const { meta, node_count: nodes, edge_count: edges } = snapshot.snapshot
  assert.ok(nodes > 0)
  assert.equal(snapshot.nodes.length, nodes * meta.node_fields.length)
  assert.equal(snapshot.edges.length, edges * meta.edge_fields.length)
  return snapshot
}

/** How many objects of the class `name` a parsed snapshot holds. */
function countObjects (snapshot, name) {
  const { node_fields: fields, node_types: [types] } = snapshot.snapshot.meta
  const typeAt = fields.indexOf('type')
  const nameAt = fields.indexOf('name')
  const object = types.indexOf('object')
  let count = 0
  for (let at = 0; at < snapshot.nodes.length; at += fields.length) {
    if (snapshot.nodes[at + typeAt] === object && snapshot.strings[snapshot.nodes[at + nameAt]] === name) count++
  }
  return count
}

/** An environment without HEAPKIT_* and NODE_OPTIONS of whoever runs the tests. */
function cleanEnv (extra) {
  const env = { ...process.env, ...extra }
  for (const name of Object.keys(env)) {
    if ((name.startsWith('HEAPKIT_') || name === 'NODE_OPTIONS' || name === 'NODE_TEST_CONTEXT') && !(extra && name in extra)) delete env[name]
  }
  return env
}

/**
 * Starts a fixture with this very Node. Answers { child, stdout(), stderr(), line(pattern), exit }: `line` waits for a line
 * of its output, `exit` for { code, signal }. The child is killed when the test ends.
 */
function run (t, fixture, { args = [], env, node = [], command, cwd, stdio } = {}) {
  const own = [...node, path.join(FIXTURES, fixture), ...args]
  const [file, before] = command ? [command[0], [...command.slice(1), process.execPath]] : [process.execPath, []]
  const child = spawn(file, [...before, ...own], { env: cleanEnv(env), cwd, stdio: stdio ?? ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  const waiting = []
  const look = () => {
    for (const wait of [...waiting]) {
      const match = wait.pattern.exec(stdout) ?? wait.pattern.exec(stderr)
      if (match) {
        waiting.splice(waiting.indexOf(wait), 1)
        wait.resolve(match)
      }
    }
  }
  child.stdout?.setEncoding('utf8').on('data', (text) => { stdout += text; look() })
  child.stderr?.setEncoding('utf8').on('data', (text) => { stderr += text; look() })
  const exit = new Promise((resolve) => child.on('close', (code, signal) => {
    for (const wait of waiting) wait.reject(new Error(`${fixture} ended (${code ?? signal}) without ${wait.pattern}\n${stdout}\n${stderr}`))
    resolve({ code, signal })
  }))
  t.after(() => { if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL') })
  return {
    child,
    exit,
    stdout: () => stdout,
    stderr: () => stderr,
    line: (pattern) => new Promise((resolve, reject) => {
      waiting.push({ pattern, resolve, reject })
      look()
    })
  }
}

/** What begins a command for which `dir` is a file system in user space that nobody serves: every request waits for ever, but can be killed. */
function hanging (dir) {
  return [...OWN_MOUNTS, 'sh', '-c', 'exec 3<>/dev/fuse && mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 hang "$0" && exec "$@"', dir]
}

/** Whether this process has the file open, as Linux tells. */
function isOpen (file) {
  return fs.readdirSync('/proc/self/fd').some((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`) === file
    } catch {
      // Closed meanwhile.
      return false
    }
  })
}

/** The ids of this process's children, as Linux tells; elsewhere none. */
function children () {
  if (process.platform !== 'linux') return []
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
    try {
      return Number(/\) \S (\d+)/s.exec(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))[1]) === process.pid
    } catch {
      // Gone meanwhile.
      return false
    }
  })
}

/** Resolves when `condition()` is truthy, with its value. The limit is only there to end a test that would hang. */
async function until (condition, what = 'the condition') {
  const deadline = Date.now() + 60_000
  for (;;) {
    const value = await condition()
    if (value) return value
    if (Date.now() > deadline) throw new Error(`waited 60 s for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** That the file has this mode. Windows has no modes: who may read a file is its directory's matter. */
function assertMode (file, mode) {
  if (!posix('modes')) assert.equal(fs.statSync(file).mode & 0o777, mode)
}

/** An assertion for assert.rejects and assert.throws: a HeapkitError of this code whose message matches. */
function heapkitError (code, message = /./) {
  return (error) => {
    assert.equal(error.name, 'HeapkitError', `not a HeapkitError: ${error.stack}`)
    assert.equal(error.code, code, error.stack)
    assert.match(error.message, message)
    return true
  }
}

module.exports = { FIXTURES, tmpDir, ls, readArtifact, parseSnapshot, countObjects, cleanEnv, run, hanging, children, until, isOpen, assertMode, heapkitError }
