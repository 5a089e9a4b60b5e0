'use strict'

// Redaction: none of a canary's secrets is in the copy, at capture and from the shell, and the copy is still a snapshot.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { posix } = require('./needs')
const { tmpDir, run, readArtifact, parseSnapshot, heapkitError } = require('./support')
const { diffSnapshots, openSnapshot, redactSnapshot, takeSnapshot } = require('..')

const WORD = 'quokka'

/** Everything that the canary hid, in every spelling that JSON has. */
function leaks (text) {
  return text.match(new RegExp(`.{0,40}(${WORD}|${[...WORD].map((c) => `\\\\u00${c.charCodeAt(0).toString(16)}`).join('')}).{0,40}`, 'gi')) ?? []
}

test('no secret of a canary is in a redacted snapshot, and everything else is', async (t) => {
  const dir = tmpDir(t)
  const child = run(t, 'redact-canary.js', { env: { CANARY: WORD, DIR: dir }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const [{ plain, artifacts, kept, number }] = await Promise.race([
    once(child.child, 'message'),
    child.exit.then(() => { throw new Error(child.stderr()) })
  ])
  await child.exit
  const before = readArtifact(plain)
  assert.ok(leaks(before).length > 25, 'the secrets are there to be found')
  assert.ok(before.includes(number))
  assert.equal(plain.redacted, undefined)
  for (const artifact of artifacts) {
    const text = readArtifact(artifact)
    assert.deepEqual(leaks(text), [], artifact.mode)
    assert.ok(!text.includes(number), 'values of numbers are contents, too')
    const { strings } = parseSnapshot(text)
    for (const name of ['Customer', 'password', 'nested', 'canary', 'captured', 'dictionary', 'takeSnapshot', '(GC roots)', 'system / Context']) {
      assert.ok(strings.includes(name), `${name} is a name and stays (${artifact.mode})`)
    }
    const { redacted } = artifact
    assert.ok(redacted.replacedContents > 1000 && redacted.strings === strings.length, JSON.stringify(redacted))
    assert.ok(redacted.replacedKeys.email > 0 && redacted.replacedKeys.token > 0 && redacted.replacedKeys.dictionary >= 300, JSON.stringify(redacted))
    assert.ok(redacted.keptNames.properties > 1000 && redacted.keptNames.functions > 1000)
    // The copy is read as the original is.
    const [copy, original] = [await openSnapshot(artifact.path), await openSnapshot(plain.path)]
    const count = async (heap) => (await heap.summary({ top: 10_000 })).classes.find(({ name }) => name === 'Customer').count
    assert.equal(await count(copy), await count(original))
    copy.close()
    original.close()
  }
  const text = readArtifact(kept)
  assert.deepEqual(leaks(text), [])
  assert.ok(text.includes('Canary-Kept and public'))
  assert.ok(!parseSnapshot(text).strings.includes('customer'))
  assert.ok(kept.redacted.keptByPattern > 0 && kept.redacted.replacedKeys.extra > 0)
})

test('two copies of one snapshot share no replacement', async (t) => {
  const dir = tmpDir(t)
  globalThis.unique = Buffer.from('a text of its own for this test').toString('latin1')
  const { path: file } = await takeSnapshot({ dir, mode: 'inline', compression: 'none' })
  const copies = []
  for (const name of ['a', 'b']) {
    const out = path.join(dir, name)
    const cli = run(t, '../../bin/heapkit.js', { args: ['redact', file, out, '--json'] })
    assert.equal((await cli.exit).code, 0, cli.stderr())
    const { redacted, bytes } = JSON.parse(cli.stdout())
    assert.equal(bytes, fs.statSync(out).size)
    assert.ok(redacted.replacedContents > 1000)
    copies.push(new Set(parseSnapshot(fs.readFileSync(out, 'utf8')).strings.filter((text) => text.startsWith('~') && text.length > 12)))
  }
  assert.ok(copies[0].size > 1000)
  assert.deepEqual([...copies[0]].filter((text) => copies[1].has(text)), [])
})

test('the command tells what it did, overwrites nothing and leaves nothing of what fails', async (t) => {
  const dir = tmpDir(t)
  const { path: file } = await takeSnapshot({ dir, mode: 'inline' })
  const out = path.join(dir, 'copy.heapsnapshot.gz')
  const redact = async (...args) => {
    const cli = run(t, '../../bin/heapkit.js', { args: ['redact', ...args] })
    const { code } = await cli.exit
    return { code, stdout: cli.stdout(), stderr: cli.stderr() }
  }
  const { code, stdout } = await redact(file, out, '--extra', '^takeSnapshot$')
  assert.equal(code, 0)
  assert.match(stdout, /REPLACED +STRINGS\n-+ {2}-+\ncontents of strings +[\d,]+\n/)
  assert.match(stdout, /names that match --extra +1\n/)
  assert.match(stdout, /LEFT, NAMES OF +STRINGS\n/)
  const again = await redact(file, out)
  assert.equal(again.code, 1)
  assert.match(again.stderr, /exists; heapkit never overwrites/)
  const cut = path.join(dir, 'cut')
  fs.writeFileSync(cut, fs.readFileSync(file).subarray(0, 5000))
  const broken = await redact(cut, path.join(dir, 'never'))
  assert.equal(broken.code, 1)
  assert.match(broken.stderr, /cut is not a whole heap snapshot/)
  assert.deepEqual(fs.readdirSync(dir).sort(), [path.basename(file), 'copy.heapsnapshot.gz', 'cut'].sort())
  assert.equal((await redact(file, path.join(dir, 'x'), '--keep', '(')).code, 2)
})

test('patterns that are none are refused before anything is captured', async (t) => {
  const dir = tmpDir(t)
  for (const [redact, message] of [
    ['yes', /`redact` must be true, false, 'strict' or an object; got 'yes'/],
    [null, /`redact` must be true, false/],
    [{ strict: 1 }, /`redact\.strict` must be true or false/],
    [{ keep: 'x' }, /`redact\.keep` must be an array/],
    [{ extra: [5] }, /`redact\.extra` must have regular expressions/],
    [{ keep: ['('] }, /`redact\.keep` has a pattern that cannot be used, "\("/],
    [{ keep: [/(?=x)/] }, /`redact\.keep` has a pattern that cannot be used/]
  ]) {
    await assert.rejects(() => takeSnapshot({ dir, redact }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', message))
  }
  assert.deepEqual(fs.readdirSync(dir), [])
})

test('redactSnapshot() makes a copy as the command does, under the rules of files', async (t) => {
  const dir = tmpDir(t)
  globalThis.unique = Buffer.from('quokka in the garden').toString('latin1')
  const { path: file } = await takeSnapshot({ dir, mode: 'inline' })
  const output = path.join(dir, 'copies', 'copy.heapsnapshot.gz')
  const phases = []
  const artifact = await redactSnapshot(file, output, { strict: true, extra: [/^takeSnapshot$/], onProgress: ({ phase }) => phases.push(phase) })
  assert.deepEqual([artifact.path, artifact.compression, artifact.redacted.strict], [output, 'gzip', true])
  assert.ok(artifact.redacted.replacedKeys.extra > 0 && phases.length > 0)
  const text = readArtifact(artifact)
  assert.ok(!text.includes('quokka in') && !text.includes('"takeSnapshot"'))
  parseSnapshot(text)
  await assert.rejects(redactSnapshot(file, output), heapkitError('HEAPKIT_ERR_EXISTS'))
  await assert.rejects(redactSnapshot(file, path.join(dir, '.', path.basename(file))), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /`output` must be another file than the input/))
  for (const [wrong, option] of [[[undefined, output], 'input'], [['', output], 'input'], [[file, 5], 'output'], [[file, output, { keep: 'x' }], 'options.keep']]) {
    await assert.rejects(redactSnapshot(...wrong), (error) => error.code === 'HEAPKIT_ERR_INVALID_OPTION' && option.endsWith(error.option))
  }
  const other = path.join(dir, 'other')
  const gone = redactSnapshot(file, other, { signal: AbortSignal.abort(new Error('enough')) })
  await assert.rejects(gone, (error) => error.code === 'HEAPKIT_ERR_ABORTED' && error.cause.message === 'enough')
  const controller = new AbortController()
  await assert.rejects(redactSnapshot(file, other, { signal: controller.signal, onProgress: () => controller.abort() }), heapkitError('HEAPKIT_ERR_ABORTED'))
  await assert.rejects(redactSnapshot(file, other, { onProgress: () => { throw new Error('no progress') } }), /no progress/)
  assert.deepEqual(fs.readdirSync(dir).sort(), [path.basename(file), 'copies'].sort())
})

test('two redacted snapshots of a process can be compared', async (t) => {
  const dir = tmpDir(t)
  const files = []
  class Session { constructor (index) { this.index = index; this.payload = [index] } }
  const key = ['tenant', 'acme-corp'].join(' ')
  globalThis.tenants = { [key]: { sessions: [] } }
  t.after(() => { delete globalThis.tenants })
  for (let round = 0; round < 2; round++) {
    for (let index = 0; index < 20_000; index++) globalThis.tenants[key].sessions.push(new Session(index))
    files.push((await takeSnapshot({ dir, mode: 'inline', redact: true })).path)
  }
  const { paths: [line] } = await diffSnapshots(files)
  assert.match(line.name, /Session/)
  assert.ok(Math.abs(line.countDelta - 20_000) < 100, JSON.stringify(line))
  assert.ok(!JSON.stringify(line).includes('acme'))
})

test('--list-left shows what stays, the most suspicious first, and writes nothing', async (t) => {
  const dir = tmpDir(t)
  const name = ['quok', 'ka\u001b[31m'].join('')
  // Made at run time: V8's parser adds texts up.
  globalThis.listed = { [['quok', 'kaKey'].join('')]: { [name]: {} }, [['wom', 'bat7a'].join('')]: {} }
  t.after(() => { delete globalThis.listed })
  const { path: file } = await takeSnapshot({ dir, mode: 'inline' })
  const list = async (...args) => {
    const cli = run(t, '../../bin/heapkit.js', { args: ['redact', '--list-left', ...args] })
    const { code } = await cli.exit
    return { code, stdout: cli.stdout(), stderr: cli.stderr() }
  }
  const { code, stdout } = await list(file, '--top', '2000', '--keep', '^quokka.+31m')
  assert.equal(code, 0)
  assert.match(stdout, /^LEFT, MOST SUSPICIOUS FIRST +NAMES A +IN A SOURCE\n-+ {2}-+ {2}-+\n/)
  assert.match(stdout, /^wombat7a +property.* no$/m)
  assert.match(stdout, /^quokka\\u\{1b\}\[31m .*no$/m)
  const { left, strict } = JSON.parse((await list(file, '--strict', '--top', '10000', '--json')).stdout)
  assert.equal(strict, true)
  assert.ok(left.length > 1000 && left.every(({ inSource }) => inSource))
  assert.ok(!left.some(({ text }) => /quokkaKey|wombat7a/.test(text)))
  for (const [args, message] of [
    [[file, 'b'], /it takes FILE, and nothing is to be done with "b"/],
    [[], /FILE is missing/],
    [[file, '--top', '0'], /--top must be/],
    [[file, '--strickt'], /there is no option --strickt; did you mean --strict\?/]
  ]) {
    const { code, stderr } = await list(...args)
    assert.equal(code, 2)
    assert.match(stderr, message)
  }
  assert.deepEqual(fs.readdirSync(dir), [path.basename(file)])
})

test('Ctrl-C of a copy leaves nothing behind', { skip: posix('signals') }, async (t) => {
  const dir = tmpDir(t)
  const { path: file } = await takeSnapshot({ dir, mode: 'inline', compression: 'none' })
  const whole = fs.readFileSync(file)
  for (const command of ['redact', 'decompress']) {
    for (const [signal, expected] of [['SIGINT', 130], ['SIGTERM', 143]]) {
      const cli = run(t, '../../bin/heapkit.js', { args: [command, '-', path.join(dir, 'copy')], stdio: ['pipe', 'pipe', 'pipe'] })
      cli.child.stdin.on('error', () => {})
      // Into the first string, which then goes on for ever. More is taken than a pipe holds, so the command is at work.
      const half = whole.subarray(0, whole.indexOf('<dummy>') + 3)
      await new Promise((resolve) => cli.child.stdin.write(half, resolve))
      cli.child.kill(signal)
      const more = () => cli.child.stdin.write('x'.repeat(600_000), (error) => error || more())
      more()
      assert.deepEqual(await cli.exit, { code: expected, signal: null }, cli.stderr())
      assert.equal(cli.stderr(), '')
      assert.deepEqual(fs.readdirSync(dir), [path.basename(file)])
    }
  }
})
