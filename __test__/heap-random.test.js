'use strict'

// Snapshots as no program makes them: random graphs with everything that DevTools treats in a way of its own, compared with
// DevTools' own code. Nearly every node has a name of its own, so that its class is the node.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { tmpDir } = require('./support')
const { random } = require('../bench/support/random')
const { openSnapshot } = require('..')

const NODE_TYPES = ['hidden', 'array', 'string', 'object', 'code', 'closure', 'regexp', 'number', 'native', 'synthetic', 'concatenated string', 'sliced string', 'symbol', 'bigint', 'object shape', 'new type']
const EDGE_TYPES = ['context', 'element', 'property', 'internal', 'hidden', 'shortcut', 'weak']
const SNAPSHOTS = 150
const SYSTEM_DISTANCE = 100_000_000

/** A snapshot of `count` nodes from a seed. */
function randomSnapshot (seed) {
  const next = random(seed)
  const pick = (list) => list[Math.floor(next() * list.length)]
  const count = 2 + Math.floor(next() * 60)
  const strings = ['<dummy>']
  const text = (string) => {
    const at = strings.indexOf(string)
    return at === -1 ? strings.push(string) - 1 : at
  }
  const hasDetachedness = next() < 0.7
  const users = next() < 0.9
  const nodes = Array.from({ length: count }, (_, index) => {
    const type = index === 0 ? 'synthetic' : pick(['object', 'object', 'object', 'native', 'native', 'hidden', 'array', 'array', 'closure', 'string', 'code', 'synthetic', ...NODE_TYPES])
    const name = index === 0 ? '' : pick([`Node ${index}`, `Node ${index}`, 'Object', `<div id="${index}">`, 'Array', '(map descriptors)', 'system / NativeContext', 'system / ExternalStringData', 'system / JSArrayBufferData', ...(users ? ['(Document DOM trees)'] : [])])
    return { type, name, id: index * 2 + 1, size: index === 0 || next() < 0.1 ? 0 : Math.floor(next() * 100), detachedness: hasDetachedness && type === 'native' ? Math.floor(next() * 3) : 0, edges: [] }
  })
  const edges = Math.floor(next() * count * 4)
  for (let index = 0; index < edges; index++) {
    const from = next() < 0.15 ? 0 : Math.floor(next() * count)
    const to = 1 + Math.floor(next() * (count - 1))
    // DevTools' search for distances fails where the root has two edges to one node.
    if (from === 0 && nodes[0].edges.some((edge) => edge.to === to)) continue
    let type = pick(['property', 'property', 'element', 'element', ...EDGE_TYPES])
    let name = pick(['a', 'b', 'c', '__proto__', 'elements', 'sloppy_function_map', '12'])
    if (next() < 0.15) {
      // An entry of a WeakMap: one edge from the table, one from the key.
      const table = pick(nodes.slice(1))
      const shared = ` / part of key (K @${pick(nodes).id}) -> value (V @${nodes[to].id}) pair in WeakMap (table @${table.id})`
      type = 'internal'
      name = `7${shared}`
      if (next() < 0.7) table.edges.push({ type, name: `3${shared}`, to })
    }
    nodes[from].edges.push({ type, name: type === 'element' || type === 'hidden' ? Math.floor(next() * 8) : text(name), to })
  }
  const width = hasDetachedness ? 7 : 6
  const rows = nodes.map(({ type, name, id, size, detachedness, edges }) =>
    [NODE_TYPES.indexOf(type), text(name), id, size, edges.length, 0, ...(hasDetachedness ? [detachedness] : [])])
  const edgeRows = nodes.flatMap(({ edges }) => edges.map(({ type, name, to }) =>
    [EDGE_TYPES.indexOf(type), typeof name === 'string' ? text(name) : name, to * width]))
  const locations = nodes.flatMap(({ type }, index) => type === 'object' && next() < 0.3 ? [[index * width, 1 + index % 3, index % 5, index % 7]] : [])
  return {
    snapshot: {
      meta: {
        node_fields: ['type', 'name', 'id', 'self_size', 'edge_count', 'trace_node_id', ...(hasDetachedness ? ['detachedness'] : [])],
        node_types: [NODE_TYPES, 'string', 'number', 'number', 'number', 'number', 'number'],
        edge_fields: ['type', 'name_or_index', 'to_node'],
        edge_types: [EDGE_TYPES, 'string_or_number', 'node'],
        trace_function_info_fields: [],
        trace_node_fields: [],
        sample_fields: [],
        location_fields: ['object_index', 'script_id', 'line', 'column']
      },
      node_count: count,
      edge_count: edgeRows.length,
      trace_function_count: 0,
      ...(next() < 0.5 ? { extra_native_bytes: Math.floor(next() * 1000) } : {})
    },
    nodes: rows.flat(),
    edges: edgeRows.flat(),
    trace_function_infos: [],
    trace_tree: [],
    samples: [],
    locations: locations.flat(),
    strings
  }
}

/** As DevTools counts; classes of the same name are one, which DevTools loses one of. */
async function byDevTools (parse, file) {
  const snapshot = await parse(fs.createReadStream(file))
  const aggregates = snapshot.buildAggregates()
  snapshot.calculateClassesRetainedSize(aggregates)
  const classes = new Map()
  for (const [key, { name, count, self, maxRet, distance }] of aggregates) {
    const [, script, line, column] = typeof key === 'string' ? /^(\d+),(\d+),(\d+),/.exec(key) : []
    const full = `${name} ${script === undefined ? '' : `${script}:${Number(line) + 1}:${Number(column) + 1}`}`
    if (classes.has(full)) return undefined
    classes.set(full, { count, shallow: self, retained: maxRet, distance: distance >= 0 && distance < SYSTEM_DISTANCE ? distance : null })
  }
  return { classes, statistics: snapshot.getStatistics() }
}

test(`${SNAPSHOTS} random graphs have DevTools' numbers`, async (t) => {
  const { parse } = await import('heap-snapshot-toolkit')
  const file = path.join(tmpDir(t), 'random.heapsnapshot')
  let compared = 0
  for (let seed = 1; seed <= SNAPSHOTS; seed++) {
    fs.writeFileSync(file, JSON.stringify(randomSnapshot(seed)))
    const theirs = await byDevTools(parse, file)
    if (theirs === undefined) continue
    compared++
    const heap = await openSnapshot(file)
    const { classes, totals } = await heap.summary({ top: 10_000 })
    // Whatever the graph, everything can be asked.
    await heap.suspects({ threshold: 0.01 })
    for (const { name } of classes.slice(0, 10)) await heap.retainers(name)
    heap.close()
    const ours = new Map(classes.map(({ name, location = '', ...numbers }) => [`${name} ${location}`, numbers]))
    assert.deepEqual([...ours].sort(), [...theirs.classes].sort(), `seed ${seed}`)
    const { total, native, v8heap } = theirs.statistics
    assert.deepEqual([totals.total, totals.native, totals.typedArrays, totals.code, totals.strings, totals.arrays, totals.system],
      [total, native.total, native.typedArrays, v8heap.code, v8heap.strings, v8heap.jsArrays, v8heap.system], `seed ${seed}`)
  }
  assert.ok(compared > SNAPSHOTS / 2, `${compared} were comparable`)
})
