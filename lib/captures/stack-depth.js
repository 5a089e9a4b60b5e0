'use strict'

// Cuts the stacks of a sampling heap profile to their innermost `limit` frames, as V8 does by itself from Node 26 on.

function limitStackDepth (profile, limit) {
  const { deepest, ids } = survey(profile.head)
  if (deepest > limit) return cut(profile, limit)
  return { ...profile, samples: renumber(profile.samples, ids) }
}

function cut (profile, limit) {
  const tree = new Tree(profile.head)
  const newIds = new Map([[profile.head.id, tree.root.id]])
  // The frames from the outermost to the node that is being visited.
  const stack = []
  visit(profile.head, (node) => {
    stack.push(node)
    const inner = tree.insert(stack.slice(-limit))
    inner.selfSize += node.selfSize
    newIds.set(node.id, inner.id)
  }, () => stack.pop())
  return { ...profile, head: tree.root, samples: renumber(profile.samples, newIds) }
}

/** V8 allocates while it puts the profile together, and may add samples whose nodes came too late for the tree. */
function renumber (samples, newIds) {
  return samples.filter(({ nodeId }) => newIds.has(nodeId)).map((sample) => ({ ...sample, nodeId: newIds.get(sample.nodeId) }))
}

/** The tree that is being built: the same calls below the same parent become one node. */
class Tree {
  #children = new Map()
  #nextId = 1

  constructor (root) {
    this.root = this.#node(root.callFrame, root.selfSize)
    this.#children.set(this.root, new Map())
  }

  insert (frames) {
    let parent = this.root
    for (const { callFrame } of frames) parent = this.#child(parent, callFrame)
    return parent
  }

  #child (parent, callFrame) {
    const { scriptId, lineNumber, columnNumber, functionName } = callFrame
    const key = `${scriptId}:${lineNumber}:${columnNumber}:${functionName}`
    const siblings = this.#children.get(parent)
    let child = siblings.get(key)
    if (child === undefined) {
      child = this.#node(callFrame, 0)
      this.#children.set(child, new Map())
      siblings.set(key, child)
      parent.children.push(child)
    }
    return child
  }

  #node (callFrame, selfSize) {
    return { callFrame, selfSize, id: this.#nextId++, children: [] }
  }
}

/** Depth-first, below the root; V8's stacks are at most 128 deep, so recursion is safe. */
function visit (parent, enter, leave) {
  for (const node of parent.children) {
    enter(node)
    visit(node, enter, leave)
    leave(node)
  }
}

/** How many frames the deepest stack has, and which nodes there are. */
function survey (head) {
  const ids = new Map([[head.id, head.id]])
  let depth = 0
  let deepest = 0
  visit(head, ({ id }) => {
    ids.set(id, id)
    deepest = Math.max(deepest, ++depth)
  }, () => { depth-- })
  return { deepest, ids }
}

module.exports = { limitStackDepth }
