'use strict'

// `stableIds`: one object, one id, in forked snapshots too.

const assert = require('node:assert/strict')
const { once } = require('node:events')
const path = require('node:path')
const { describe, test } = require('node:test')
const { Worker } = require('node:worker_threads')
const { startTimeline, takeSnapshot } = require('..')
const { linux } = require('./needs')
const { FIXTURES, tmpDir, readArtifact, parseSnapshot, run, until } = require('./support')

class Tagged {
  constructor (tag) { this.tag = tag }
}

/** Keeps `count` more objects, each with a text of its own. */
function plant (count) {
  globalThis.tagged ??= []
  // join() answers a flat string, whose text is in the snapshot.
  for (let index = 0; index < count; index++) globalThis.tagged.push(new Tagged(['tag', globalThis.tagged.length].join('-')))
}

/** Allocates until V8 has collected the young generation, which moves what was planted. */
async function churn () {
  const { PerformanceObserver } = require('node:perf_hooks')
  let collections = 0
  const observer = new PerformanceObserver((list) => { collections += list.getEntries().length })
  observer.observe({ entryTypes: ['gc'] })
  await until(() => {
    globalThis.garbage = Array.from({ length: 100_000 }, (_, index) => ({ index }))
    return collections >= 4
  }, 'garbage collections')
  observer.disconnect()
  delete globalThis.garbage
}

/** The ids of the planted objects, by their texts. */
function idsByTag (text) {
  const { snapshot: { meta }, nodes, edges, strings } = parseSnapshot(text)
  const at = Object.fromEntries(meta.node_fields.map((name, index) => [name, index]))
  const edgeAt = Object.fromEntries(meta.edge_fields.map((name, index) => [name, index]))
  const property = meta.edge_types[0].indexOf('property')
  const [nodeSize, edgeSize] = [meta.node_fields.length, meta.edge_fields.length]
  const ids = new Map()
  let edge = 0
  for (let node = 0; node < nodes.length; node += nodeSize) {
    const end = edge + nodes[node + at.edge_count] * edgeSize
    for (; edge < end; edge += edgeSize) {
      if (strings[nodes[node + at.name]] !== 'Tagged' || edges[edge + edgeAt.type] !== property) continue
      if (strings[edges[edge + edgeAt.name_or_index]] !== 'tag') continue
      ids.set(strings[nodes[edges[edge + edgeAt.to_node] + at.name]], nodes[node + at.id])
    }
  }
  return ids
}

const ids = async (options) => idsByTag(readArtifact(await takeSnapshot(options)))

describe('stableIds', { skip: linux('fork') }, () => {
  test('an object has the same id in forked and inline snapshots, and no other object has it', async (t) => {
    const dir = tmpDir(t)
    plant(500)
    const snapshots = []
    for (const mode of ['fork', 'fork', 'inline', 'fork']) {
      snapshots.push(await ids({ dir, mode, stableIds: true }))
      assert.equal(snapshots.at(-1).size, globalThis.tagged.length)
      plant(500)
      await churn()
    }
    const seen = new Map()
    for (const snapshot of snapshots) {
      for (const [tag, id] of snapshot) {
        if (!seen.has(tag)) seen.set(tag, id)
        assert.equal(id, seen.get(tag), tag)
      }
    }
    assert.equal(new Set(seen.values()).size, seen.size)
  })

  test('a timeline after it samples as ever', async (t) => {
    const dir = tmpDir(t)
    await takeSnapshot({ dir, mode: 'fork', stableIds: true })
    const session = startTimeline({ resolutionMs: 50 })
    const start = Date.now()
    globalThis.later = []
    await until(() => {
      globalThis.later.push(new Tagged('later'))
      return Date.now() - start > 300
    })
    const { samples } = parseSnapshot(readArtifact(await session.stop({ dir })))
    assert.ok(samples.length > 4, `${samples.length} numbers`)
  })

  test('does not keep a process alive', { timeout: 60_000 }, async (t) => {
    const child = run(t, 'lifecycle-only.js', { args: [tmpDir(t), 'stableIds'] })
    assert.deepEqual(await child.exit, { code: 0, signal: null })
    assert.equal(child.stdout(), 'fork\n')
  })

  test('works in a worker, for its own heap', async (t) => {
    const worker = new Worker(path.join(FIXTURES, 'workers-thread.js'), { workerData: { does: 'stableIds', dir: tmpDir(t) } })
    t.after(() => worker.terminate())
    const [{ outcome, error }] = await once(worker, 'message')
    assert.equal(error, undefined)
    const [first, second] = outcome.map((artifact) => plantedIds(readArtifact(artifact)))
    assert.equal(first.length, 123)
    assert.deepEqual(first, second)
  })
})

function plantedIds (text) {
  const { snapshot: { meta: { node_fields: fields } }, nodes, strings } = parseSnapshot(text)
  const found = []
  for (let node = 0; node < nodes.length; node += fields.length) {
    if (strings[nodes[node + fields.indexOf('name')]] === 'PlantedInWorker' && nodes[node] === 3) found.push(nodes[node + fields.indexOf('id')])
  }
  return found.sort()
}
