/* eslint-env browser, commonjs */

'use strict'

// Where the bars of a tree are.

/** Lays a tree out: of each node, where it begins and ends as parts of the whole. `size` says how wide data is. */
function laidOut (tree, size) {
  const nodes = []
  const lay = (data, parent, at, start, scale) => {
    const node = { data, parent, at, depth: parent ? parent.depth + 1 : 0, start, end: start + size(data) * scale, children: [], index: nodes.length }
    nodes.push(node)
    let next = start
    const children = (data.children ?? []).filter((child) => size(child) > 0)
    // Children of a heap are never more than their parent, but the file may be anybody's; of what grew, some grew and some shrank.
    const sum = children.reduce((sum, child) => sum + size(child), 0)
    const part = sum > size(data) ? (node.end - start) / sum : scale
    for (const child of children) {
      node.children.push(lay(child, node, node.children.length, next, part))
      next = node.children.at(-1).end
    }
    return node
  }
  lay(tree, undefined, 0, 0, size(tree) > 0 ? 1 / size(tree) : 0)
  return nodes
}

module.exports = { laidOut }
