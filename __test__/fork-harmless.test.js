'use strict'

// What a forked child cannot do. Garbage collection in the child runs native code of others, which may try anything; here an addon tries it,
// and a database does what it means well. What counts is what can be seen from outside: files, locks, signals, sockets, memory.
// The stress matrix (npm run test:fork-stress) has the same on all Nodes, and much more.

const assert = require('node:assert/strict')
const { describe, test } = require('node:test')
const { linux } = require('./needs')
const { tmpDir } = require('./support')
const { RINGS, ENDINGS, runHostile, problemsOf, silentActs } = require('./fixtures/hostile')
const { runCell } = require('./fixtures/fork-stress/cell')
const { CELLS } = require('./fixtures/fork-stress')
const { claimed } = require('../scripts/counts')

const here = { node: process.execPath, version: process.versions.node }

// Of every kind one that no container and no user is refused: the others are looked at where they succeed.
const SURE = ['unlink', 'truncate', 'create', 'write to a descriptor', 'write a pipe', 'epoll_ctl', 'connect by TCP', 'send on a socket', 'shutdown a socket',
  'unlock an inherited flock', 'take an fcntl lock by a path', 'kill', 'fork', 'posix_spawn', 'prlimit', 'setpriority', 'write (file)', 'write (anonymous)',
  'mprotect of what is read-only, write (memfd)', 'MADV_REMOVE (file)', 'lock a shared mutex']

describe('the finalizers that run in a forked child', { skip: linux('fork') }, () => {
  test('would do harm, and it would be seen: in a child that nothing was done to', (t) => {
    const harm = {}
    for (const acts of [undefined, RINGS]) {
      const { trials: [outcome], died } = runHostile({ ...here, dir: tmpDir(t), trials: 1, acts, unsealed: true })
      assert.equal(died, undefined)
      Object.assign(harm, outcome.harm)
      const unseen = outcome.acts.filter(({ name, kind }) => (kind === 'harm' || kind === 'copy') && outcome.results[name] >= 0 && !(name in harm))
      assert.deepEqual(unseen, [])
    }
    assert.deepEqual(SURE.filter((name) => !(name in harm)), [])
  })

  test('do none, may read what is shared, and the snapshot is delivered', (t) => {
    const { trials, died } = runHostile({ ...here, dir: tmpDir(t), trials: 3 })
    assert.equal(died, undefined)
    assert.equal(trials.length, 3)
    for (const outcome of trials) {
      assert.equal(outcome.error, undefined)
      if (process.arch === 'x64') assert.equal(outcome.acts.length + ENDINGS.length, claimed().acts, 'as many acts as the README says')
      assert.deepEqual(silentActs(outcome), [])
      assert.deepEqual(problemsOf(outcome), [])
    }
  })

  test('may end the child, and the service goes on', (t) => {
    const { trials, died } = runHostile({ ...here, dir: tmpDir(t), trials: ENDINGS.length, acts: ENDINGS.map((act) => [act]) })
    assert.equal(died, undefined)
    assert.deepEqual(trials.map(({ acts: [{ name }] }) => name), ENDINGS)
    for (const { acts: [{ name }], harm, delivered, error } of trials) {
      assert.deepEqual(harm, {})
      // The kernel itself ends who calls it in a way that no filter can judge.
      if (!delivered) assert.match(error, /The forked child did not deliver the snapshot|SIGSYS/, name)
    }
  })

  test('close databases without losing what others commit', { skip: CELLS['node:sqlite'].missing(here.version) }, (t) => {
    const { delivered, effects, failures } = runCell({ ...here, cell: 'node:sqlite', trials: 2, dir: tmpDir(t) })
    assert.deepEqual(effects, [])
    assert.deepEqual(failures, [])
    assert.equal(delivered, 2)
  })
})
