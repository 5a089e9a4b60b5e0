'use strict'

// Profiles as others write them (scripts/peers.js made them): Go, Chrome, Node.js and @datadog/pprof. Their totals are those that other readers find, to the last digit.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { FIXTURES, tmpDir } = require('./support')
const { openProfile } = require('..')

const PEERS = path.join(FIXTURES, 'peers')
const TOTALS = JSON.parse(fs.readFileSync(path.join(PEERS, 'totals.json'), 'utf8'))

/** What is seen first of each, and a function in which, and in what it calls, most of that is. */
const FILES = {
  'go-cpu.pb.gz': ['cpu', 'main.burn'],
  'go-heap.pb.gz': ['inuse_space', 'main.hold'],
  'datadog-time.pb.gz': ['wall', 'burn'],
  'datadog-heap.pb.gz': ['inuse_space', 'from'],
  'chrome.cpuprofile.gz': ['cpu', 'burn'],
  'node.cpuprofile.gz': ['cpu', 'burn'],
  'node.heapprofile.gz': ['inuse_space', 'from']
}

const totalsOf = ({ types }) => Object.fromEntries(types.map(({ name, unit, total }) => [`${name}/${unit}`, total]))

for (const [name, [type, main]] of Object.entries(FILES)) {
  test(`${name} has the totals that others find in it, here and as pprof, and names who has most`, async (t) => {
    const profile = await openProfile(path.join(PEERS, name))
    assert.deepEqual(totalsOf(profile), TOTALS[name])
    assert.equal(profile.defaultType, type)
    const { total, rows } = await profile.top({ top: 1000 })
    const { cumulative } = rows.find((row) => row.name === main)
    assert.ok(cumulative > total / 2, `${cumulative} of ${total}`)
    const copy = path.join(tmpDir(t), 'copy.pb.gz')
    fs.writeFileSync(copy, await profile.convert('pprof'))
    const again = await openProfile(copy)
    assert.deepEqual([totalsOf(again), again.defaultType], [TOTALS[name], type])
    assert.deepEqual((await again.top({ top: 1000 })).rows, rows)
  })
}

test('no peer is forgotten', () => {
  assert.deepEqual(Object.keys(TOTALS).sort(), Object.keys(FILES).sort())
  assert.deepEqual(fs.readdirSync(PEERS).filter((name) => name !== 'totals.json').sort(), Object.keys(FILES).sort())
})
