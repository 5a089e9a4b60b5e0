'use strict'

// Secrets of every kind in every place: in `strict` none is left, otherwise what the documentation names.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const { test } = require('node:test')
const { tmpDir, run, readArtifact, parseSnapshot } = require('./support')
const { openSnapshot } = require('..')

/** Where a program's word is a name, and nothing but a source tells it from one: docs/leaks.md says so. */
const NAMES = ['key', 'hidden class', 'key of JSON', 'symbol', 'registered symbol', 'class made at run time', 'tag', 'WeakMap, key', 'constant']

/** What docs/leaks.md says is left without `strict`. */
function isNamed ({ place, kind }) {
  return (kind === 'word' && NAMES.includes(place)) || (place === 'name of a script' && ['word', 'name of a person', 'sentence', 'hyphenated word', 'word with an umlaut', 'date of birth'].includes(kind))
}

test('no secret of any kind in any place is left in strict, and otherwise only what the documentation names', { timeout: 120_000 }, async (t) => {
  const child = run(t, 'redact-places.js', { env: { DIR: tmpDir(t) }, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const [{ secrets, plain, artifacts }] = await Promise.race([
    once(child.child, 'message'),
    child.exit.then(() => { throw new Error(child.stderr()) })
  ])
  await child.exit
  assert.ok(new Set(secrets.map(({ kind }) => kind)).size > 25 && new Set(secrets.map(({ place }) => place)).size > 15)
  const left = (artifact) => {
    const text = parseSnapshot(readArtifact(artifact)).strings.join('\n')
    return secrets.filter((secret) => text.includes(secret.text))
  }
  const where = (found) => [...new Set(found.map(({ place, kind }) => `${kind} as ${place}`))]
  assert.ok(left(plain).length > secrets.length * 0.8, 'the secrets are there to be found')
  for (const artifact of artifacts.strict) {
    assert.deepEqual(where(left(artifact)), [], `${artifact.kind} ${artifact.mode}`)
    assert.equal(artifact.redacted.strict, true)
    assert.ok(artifact.redacted.replacedKeys.notInSource > 10)
  }
  for (const artifact of artifacts.usual) {
    const found = left(artifact)
    assert.deepEqual(where(found.filter((secret) => !isNamed(secret))), [], `${artifact.kind} ${artifact.mode}`)
    assert.ok(found.length >= NAMES.length - 2, 'what the documentation names is named for a reason')
    assert.equal(artifact.redacted.strict, false)
  }
  // The graph is the same, and most of what a program has named is still there.
  for (const artifact of [artifacts.strict[0], artifacts.usual[0]]) {
    const [before, after] = await Promise.all([plain, artifact].map(({ path }) => openSnapshot(path)))
    const { classes } = await after.summary({ top: 10_000 })
    for (const name of ['Map', 'Set', 'WeakMap', 'URL', 'Error', 'Object', 'system / Context']) assert.ok(classes.some((one) => one.name === name), name)
    const { totals: old } = await before.summary()
    const { totals: now } = await after.summary()
    assert.ok(Math.abs(old.total / now.total - 1) < 0.2, `${old.total} and ${now.total}`)
    const { strings } = parseSnapshot(readArtifact(artifact))
    for (const name of ['password', 'kept', 'takeSnapshot', '#hidden', '(GC roots)', 'node:internal/url']) assert.ok(strings.includes(name), name)
    before.close()
    after.close()
  }
})
