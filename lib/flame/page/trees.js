/* eslint-env browser, commonjs */

'use strict'

// Trees of calls, in columns: of all samples, of what one function calls, and of who calls it.

const { callees: functions, parents, valuesOf, base } = require('./data')

/** Grows from its root; a node's parent is older than the node. */
class Tree {
  parent = [-1]
  group = [-1]
  own = [0]
  baseOwn = [0]
  #places = new Map()
  #groups

  constructor (groups) {
    this.groups = groups
    this.#groups = groups.list.length
  }

  /** The node of a group below another. */
  child (parent, group) {
    const key = parent * this.#groups + group
    let node = this.#places.get(key)
    if (node === undefined) {
      node = this.parent.push(parent) - 1
      this.group.push(group)
      this.own.push(0)
      this.baseOwn.push(0)
      this.#places.set(key, node)
    }
    return node
  }

  add (node, own, baseOwn) {
    this.own[node] += own
    this.baseOwn[node] += baseOwn
  }

  /** Adds up: what each node is with what it calls. Answers the tree. */
  whole () {
    this.size = Float64Array.from(this.own)
    this.baseSize = Float64Array.from(this.baseOwn)
    const count = this.parent.length
    this.first = new Int32Array(count).fill(-1)
    this.next = new Int32Array(count).fill(-1)
    for (let node = count - 1; node > 0; node--) {
      const parent = this.parent[node]
      this.size[parent] += this.size[node]
      this.baseSize[parent] += this.baseSize[node]
      this.next[node] = this.first[parent]
      this.first[parent] = node
    }
    this.#places = undefined
    return this
  }
}

/** All samples. Functions of one file or package that call one another are one bar. */
function allOf (groups, type) {
  const { own, base: baseOwn } = valuesOf(type)
  const tree = new Tree(groups)
  const merges = groups.by !== 'function'
  const places = [0]
  for (let node = 1; node < parents.length; node++) {
    const caller = places[parents[node]]
    const group = groups.of[functions[node]]
    const place = places[node] = merges && tree.group[caller] === group ? caller : tree.child(caller, group)
    tree.add(place, own[node], base ? baseOwn[node] : 0)
  }
  return tree.whole()
}

/** What a group calls, wherever it is called. One that is inside of another of its own counts once. */
function calleesOf (tree, group) {
  const found = new Tree(tree.groups)
  found.group[0] = group
  const places = [-1]
  for (let node = 1; node < tree.parent.length; node++) {
    const above = places[tree.parent[node]]
    places[node] = above >= 0 ? found.child(above, tree.group[node]) : tree.group[node] === group ? 0 : -1
    if (places[node] >= 0) found.add(places[node], tree.own[node], tree.baseOwn[node])
  }
  return found.whole()
}

/** Who calls a group: below it are its callers, below these theirs. */
function callersOf (tree, group) {
  const found = new Tree(tree.groups)
  found.group[0] = group
  const isInside = [false]
  for (let node = 1; node < tree.parent.length; node++) {
    const above = tree.parent[node]
    isInside[node] = isInside[above] || tree.group[node] === group
    if (!isInside[node] || isInside[above]) continue
    let place = 0
    for (let caller = above; caller > 0; caller = tree.parent[caller]) place = found.child(place, tree.group[caller])
    found.add(place, tree.size[node], tree.baseSize[node])
  }
  return found.whole()
}

/** Of each group { about, group, flat, cumulative, baseFlat, baseCumulative }; one that calls itself counts once. */
function totalsOf (tree) {
  const rows = tree.groups.list.map((about, group) => ({ about, group, flat: 0, cumulative: 0, baseFlat: 0, baseCumulative: 0 }))
  each(tree, (node, isOutermost) => {
    const row = rows[tree.group[node]]
    row.flat += tree.own[node]
    row.baseFlat += tree.baseOwn[node]
    if (!isOutermost) return
    row.cumulative += tree.size[node]
    row.baseCumulative += tree.baseSize[node]
  })
  return rows.filter((row) => row.flat !== 0 || row.cumulative !== 0 || row.baseFlat !== 0 || row.baseCumulative !== 0)
}

/** Visits all nodes but the root; `seen` is told whether a node has no caller of its own group. */
function each (tree, seen) {
  const open = new Int32Array(tree.groups.list.length)
  let node = tree.first[0]
  while (node > 0) {
    seen(node, open[tree.group[node]]++ === 0)
    if (tree.first[node] > 0) {
      node = tree.first[node]
      continue
    }
    while (node > 0) {
      open[tree.group[node]]--
      if (tree.next[node] > 0) break
      node = tree.parent[node]
    }
    if (node > 0) node = tree.next[node]
  }
}

/** What the bars of groups that match come to; those inside of others count once. */
function matchedOf (tree, matches) {
  const inside = new Uint8Array(tree.parent.length)
  let sum = 0
  for (let node = 1; node < tree.parent.length; node++) {
    const above = inside[tree.parent[node]]
    inside[node] = above || matches[tree.group[node]]
    if (inside[node] && !above) sum += tree.size[node]
  }
  return sum
}

module.exports = { allOf, calleesOf, callersOf, totalsOf, matchedOf }
