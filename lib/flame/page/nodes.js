/* eslint-env browser, commonjs */

'use strict'

// The nodes of a tree as bars, made where somebody looks: most of a large tree is never drawn.

class Node {
  #tree
  #children

  constructor (tree, id, parent, at, start, end) {
    this.#tree = tree
    this.id = id
    this.parent = parent
    this.at = at
    this.depth = parent ? parent.depth + 1 : 0
    this.start = start
    this.end = end
  }

  get tree () { return this.#tree }
  get group () { return this.#tree.group[this.id] }
  get size () { return this.#tree.size[this.id] }
  get own () { return this.#tree.own[this.id] }
  get baseSize () { return this.#tree.baseSize[this.id] }
  get baseOwn () { return this.#tree.baseOwn[this.id] }

  /** From the largest on; what is nothing, or less, has no width. */
  get children () {
    this.#children ??= this.#laidOut()
    return this.#children
  }

  #laidOut () {
    const { first, next, size } = this.#tree
    const ids = []
    let sum = 0
    for (let id = first[this.id]; id > 0; id = next[id]) {
      if (size[id] <= 0) continue
      ids.push(id)
      sum += size[id]
    }
    ids.sort((a, b) => size[b] - size[a] || a - b)
    // In a difference of profiles, some may be more than all.
    const scale = (this.end - this.start) / Math.max(this.size, sum)
    let start = this.start
    return ids.map((id, at) => {
      const node = new Node(this.#tree, id, this, at, start, start + size[id] * scale)
      start = node.end
      return node
    })
  }
}

function rootOf (tree) {
  return new Node(tree, 0, undefined, 0, 0, 1)
}

module.exports = { rootOf }
