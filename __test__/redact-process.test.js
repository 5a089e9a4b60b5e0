'use strict'

// Redaction that a process asks for: no call, no handler and no client can have less.

const assert = require('node:assert/strict')
const { execFile } = require('node:child_process')
const path = require('node:path')
const { test } = require('node:test')
const { promisify } = require('node:util')
const { linux, posix } = require('./needs')
const { tmpDir, run, ls, heapkitError } = require('./support')
const heapkit = require('..')

const REGISTER = ['--require', path.join(__dirname, '..', 'lib', 'register.js')]

const skip = posix('SIGWINCH')

for (const [name, env, node, least, patterns] of [
  ['nothing asks for more', {}, [], false, 'less'],
  ['configure() has patterns', { CONFIGURE: '{"redact":{"extra":["^x$"],"keep":["^$never"]}}' }, [], true, true],
  ['HEAPKIT_REDACT=1', { HEAPKIT_REDACT: '1' }, [], true, true],
  ['HEAPKIT_REDACT=strict, with heapkit/register', { HEAPKIT_REDACT: 'strict' }, REGISTER, 'strict', 'strict']
]) {
  test(`captures of every trigger are redacted as the strictest wants: ${name}`, { skip, timeout: 120_000 }, async (t) => {
    const child = run(t, 'redact-process.js', { env: { ...env, DIR: tmpDir(t) }, node })
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
    const { code, worker, profile, ...triggers } = JSON.parse(child.stdout())
    assert.deepEqual(code, { nothing: least, less: least, patterns, most: 'strict' })
    assert.deepEqual(Object.keys(triggers), ['stream', 'timeline', 'signal', 'timeline on a signal', 'handler', 'client'])
    for (const [trigger, { less }] of Object.entries(triggers)) assert.equal(less, least, trigger)
    assert.equal(worker, least)
    // It has nothing to replace.
    assert.equal(profile, false)
  })
}

test('HEAPKIT_REDACT holds from the beginning of the process, whoever deletes it and whatever environment a thread has', { skip: linux('what the environment was at the start') }, async (t) => {
  const snapshot = `require(${JSON.stringify(path.join(__dirname, '..'))}).takeSnapshot({ dir: ${JSON.stringify(tmpDir(t))}, mode: 'inline' }).then(({ redacted }) => console.log(redacted?.strict))`
  for (const program of [
    `delete process.env.HEAPKIT_REDACT; ${snapshot}`,
    `process.env = { HEAPKIT_REDACT: '0' }; ${snapshot}`,
    `new (require('node:worker_threads').Worker)(${JSON.stringify(snapshot)}, { eval: true, env: {} })`
  ]) {
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', program], { env: { ...process.env, HEAPKIT_REDACT: 'strict' } })
    assert.equal(stdout, 'true\n', program)
  }
})

test('a wrong HEAPKIT_REDACT, and a name that was meant for it, are errors of each capture', async (t) => {
  const dir = tmpDir(t)
  for (const [variable, value, message] of [
    ['HEAPKIT_REDACT', 'yes', /Environment variable HEAPKIT_REDACT must be 1, 0 or strict; got 'yes'/],
    ['HEAPKIT_REDACTED', '1', /Environment variable HEAPKIT_REDACTED is not known; did you mean `HEAPKIT_REDACT`\?/],
    ['HEAPKIT_REDCT', '1', /did you mean `HEAPKIT_REDACT`\?/]
  ]) {
    process.env[variable] = value
    try {
      await assert.rejects(heapkit.takeSnapshot({ dir }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', message))
    } finally {
      delete process.env[variable]
    }
    const child = run(t, 'register-app.js', { env: { [variable]: value }, node: REGISTER })
    assert.notEqual((await child.exit).code, 0)
    assert.match(child.stderr(), message)
  }
  process.env.HEAPKIT_TOKEN = 'of somebody else'
  t.after(() => { delete process.env.HEAPKIT_TOKEN })
  assert.throws(() => heapkit.configure({ redact: 'all' }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /`redact` must be true, false, 'strict' or an object; got 'all'/))
  assert.throws(() => heapkit.configure({ redact: { extra: ['['] } }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /`redact\.extra` has a pattern that cannot be used, "\[": /))
  assert.throws(() => heapkit.configure({ redact: { kep: [] } }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /did you mean `keep`/))
  assert.equal((await heapkit.takeSnapshot({ dir, mode: 'inline' })).redacted, undefined)
  assert.equal(ls(dir).length, 1)
})
