'use strict'

// Runtimes that say that they are Node.js, as heapkit sees them; scripts/runtimes.js runs the real ones. And where forked snapshots are taken unasked.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const native = require('../lib/native')
const { settleMode, FORK_TESTED } = require('../lib/captures/mode')
const { identify, runtime } = require('../lib/runtime')
const { RUNTIMES } = require('../scripts/runtimes')
const { TARGETS, ownTarget } = require('../scripts/targets')
const { cleanEnv, tmpDir } = require('./support')

const PRELOAD = path.join(__dirname, 'fixtures/other-runtime.js')
const HEAPKIT = path.join(__dirname, '..')

test('a runtime is told by its own name', () => {
  assert.deepEqual(runtime, { label: `Node.js ${process.version}`, isNode: true, hasV8: true })
  assert.deepEqual(identify({ node: '26.3.0', v8: '14.6', bun: '1.4.5' }), { label: 'Bun 1.4.5', isNode: false, hasV8: false })
  assert.deepEqual(identify({ node: '26.3.0', v8: '15.0', deno: '2.9.6' }), { label: 'Deno 2.9.6', isNode: false, hasV8: true })
  assert.deepEqual(identify({ node: '24.1.0', v8: '14.0', electron: '40.0.0' }), { label: 'Electron 40.0.0', isNode: false, hasV8: true })
})

test('the addon knows for which platform it was built', () => {
  assert.equal(native.platform(), ownTarget().name)
})

const NODE = identify({ node: '24.21.0' })
const DENO = identify({ node: '26.3.0', deno: '2.9.6' })

test("mode 'auto' forks where forks were tested, and nowhere else", () => {
  for (const { name, os } of TARGETS) {
    const here = { runtime: NODE, platform: name, canFork: os === 'linux' }
    assert.equal(settleMode('auto', here), FORK_TESTED.includes(name) ? 'fork' : 'inline', name)
    assert.equal(settleMode('inline', here), 'inline')
    if (os === 'linux') assert.equal(settleMode('fork', here), 'fork')
    else assert.throws(() => settleMode('fork', here), { code: 'HEAPKIT_ERR_UNSUPPORTED', message: new RegExp(`needs Linux on x64 or arm64, not ${name}.*'inline'`) })
  }
  assert.deepEqual(FORK_TESTED.filter((name) => !TARGETS.some((target) => target.name === name && target.os === 'linux')), [])
  // A package for a libc that nobody has tested.
  assert.equal(settleMode('auto', { runtime: NODE, platform: 'linux-riscv64-gnu', canFork: true }), 'inline')
})

test('only Node.js is forked, however it is asked', () => {
  const here = { runtime: DENO, platform: 'linux-x64-gnu', canFork: true }
  assert.equal(settleMode('auto', here), 'inline')
  assert.throws(() => settleMode('fork', here), { code: 'HEAPKIT_ERR_UNSUPPORTED', message: /needs Node\.js.*this is Deno 2\.9\.6.*'inline'/ })
})

/** Runs a program in a Node that says it is another runtime; answers what it prints, as JSON. */
function runAs (name, source, env) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', PRELOAD, '-e', `
    const heapkit = require(${JSON.stringify(HEAPKIT)})
    const refused = async (act) => { try { await act(); return 'done' } catch ({ code, message }) { return { code, message } } }
    ;(async () => { ${source} })().then((answer) => console.log(JSON.stringify(answer)))`],
  { env: cleanEnv({ OTHER_RUNTIME: name, ...env }), encoding: 'utf8', timeout: 60_000 })
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

test('without V8 every capture is refused before anything is asked of the engine, and snapshots can be read', (t) => {
  const dir = tmpDir(t)
  const file = path.join(dir, 'one.heapsnapshot')
  require('node:v8').writeHeapSnapshot(file)
  const { refusals, asked, classes } = runAs('bun', `
    const dir = ${JSON.stringify(dir)}
    const refusals = [
      ...await Promise.all(['auto', 'fork', 'inline'].map((mode) => refused(() => heapkit.takeSnapshot({ dir, mode })))),
      await refused(() => heapkit.takeSnapshot({ dir, stableIds: true })),
      await refused(() => heapkit.createSnapshotStream()),
      await refused(() => heapkit.startSampling()),
      await refused(() => heapkit.startCpuProfile()),
      await refused(() => heapkit.startTimeline())
    ]
    const graph = await heapkit.openSnapshot(${JSON.stringify(file)})
    return { refusals, asked: globalThis.asked, classes: (await graph.summary({ top: 3 })).classes.length }`)
  assert.equal(refusals.length, 8)
  for (const { code, message } of refusals) {
    assert.equal(code, 'HEAPKIT_ERR_UNSUPPORTED')
    assert.match(message, /Bun 1\.2\.3 has another engine\. Run the program in Node\.js/)
  }
  assert.deepEqual(asked, [])
  assert.equal(classes, 3)
  assert.deepEqual(fs.readdirSync(dir), ['one.heapsnapshot'])
})

test('where the inspector answers too late, sessions are refused before anything is started, and snapshots are taken', (t) => {
  const dir = tmpDir(t)
  const { refusals, asked, mode } = runAs('deno', `
    const refusals = []
    for (const start of [heapkit.startSampling, heapkit.startCpuProfile, heapkit.startTimeline, heapkit.startSampling]) refusals.push(await refused(() => start()))
    // The answer to the question comes now, and changes nothing.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
    refusals.push(await refused(() => heapkit.startCpuProfile()))
    return { refusals, asked: globalThis.asked, mode: (await heapkit.takeSnapshot({ dir: ${JSON.stringify(dir)} })).mode }`, { OTHER_LATE: '1' })
  for (const { code, message } of refusals) {
    assert.equal(code, 'HEAPKIT_ERR_UNSUPPORTED')
    assert.match(message, /that of Deno 1\.2\.3 does not\. Run the program in Node\.js/)
  }
  assert.deepEqual(asked, ['Runtime.getIsolateId'])
  assert.equal(mode, 'inline')
})

test('a runtime that is not known is used as far as it goes', (t) => {
  const dir = tmpDir(t)
  const kinds = runAs('electron', `
    const dir = ${JSON.stringify(dir)}
    const kinds = []
    for (const start of [heapkit.startSampling, heapkit.startCpuProfile, heapkit.startTimeline]) kinds.push((await start().stop({ dir })).kind)
    return [...kinds, (await heapkit.takeSnapshot({ dir })).mode]`)
  assert.deepEqual(kinds, ['sampling', 'cpu', 'timeline', 'inline'])
})

test('the README names the runtimes that were tried, in their versions', () => {
  const readme = fs.readFileSync(path.join(HEAPKIT, 'README.md'), 'utf8')
  assert.deepEqual(RUNTIMES.filter(({ label }) => !readme.includes(label)), [])
})
