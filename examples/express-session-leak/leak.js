'use strict'

// Finds the leak in a heap snapshot: how many sessions the object called `sessions` (of the MemoryStore) holds, and the
// strings that belong to them.

function findSessions ({ snapshot, nodes, edges, strings }) {
  const { node_fields: nodeFields, node_types: [nodeTypes], edge_fields: edgeFields, edge_types: [edgeTypes] } = snapshot.meta
  const [TYPE, SIZE, EDGES] = ['type', 'self_size', 'edge_count'].map((field) => nodeFields.indexOf(field))
  const [EDGE_TYPE, EDGE_NAME, TO] = ['type', 'name_or_index', 'to_node'].map((field) => edgeFields.indexOf(field))
  const nodeWidth = nodeFields.length
  const edgeWidth = edgeFields.length
  const property = edgeTypes.indexOf('property')
  const stringTypes = new Set(['string', 'concatenated string', 'sliced string'].map((type) => nodeTypes.indexOf(type)))

  // Edges are stored in the order of the nodes that they leave.
  const firstEdge = new Uint32Array(nodes.length / nodeWidth + 1)
  for (let node = 0; node < firstEdge.length - 1; node++) {
    firstEdge[node + 1] = firstEdge[node] + nodes[node * nodeWidth + EDGES] * edgeWidth
  }
  const targets = (at, look) => {
    const node = at / nodeWidth
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge += edgeWidth) {
      look(edges[edge + TO], edges[edge + EDGE_TYPE])
    }
  }
  const properties = (at) => {
    let count = 0
    targets(at, (_to, type) => { if (type === property) count++ })
    return count
  }

  const name = strings.indexOf('sessions')
  let holder = -1
  let count = 0
  for (let edge = 0; edge < edges.length; edge += edgeWidth) {
    if (edges[edge + EDGE_TYPE] !== property || edges[edge + EDGE_NAME] !== name) continue
    const held = properties(edges[edge + TO])
    if (held > count) [holder, count] = [edges[edge + TO], held]
  }
  return { count, bytes: holder === -1 ? 0 : stringBytes(holder) }

  /** JSON.stringify() leaves ropes: their pieces count, too. */
  function stringBytes (from) {
    const seen = new Set()
    const open = [from]
    let sum = nodes[from + SIZE]
    while (open.length) {
      targets(open.pop(), (to) => {
        if (seen.has(to) || !stringTypes.has(nodes[to + TYPE])) return
        seen.add(to)
        sum += nodes[to + SIZE]
        open.push(to)
      })
    }
    return sum
  }
}

module.exports = { findSessions }
