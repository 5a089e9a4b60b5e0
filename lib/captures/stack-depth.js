'use strict'

// Cuts the stacks of a sampling heap profile to their innermost `limit` frames, as V8 does by itself from Node 26 on.

/** Answers `profile` itself where no stack is deeper. */
function limitStackDepth (profile, limit) {
  if (depthOf(profile.head) <= limit) return profile
  const cut = new Cut(profile.head)
  const newIds = new Map()
  // The frames from the outermost to the node that is being visited.
  const stack = []
  visit(profile.head, (node) => {
    stack.push(node)
    const inner = cut.insert(stack.slice(-limit))
    inner.selfSize += node.selfSize
    newIds.set(node.id, inner.id)
  }, () => stack.pop())
  const samples = profile.samples?.map((sample) => ({ ...sample, nodeId: newIds.get(sample.nodeId) ?? sample.nodeId }))
  return { ...profile, head: cut.root, ...(samples && { samples }) }
}

/** The tree that is being built: the same calls below the same parent become one node. */
class Cut {
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

function depthOf (head) {
  let depth = 0
  let deepest = 0
  visit(head, () => { deepest = Math.max(deepest, ++depth) }, () => { depth-- })
  return deepest
}

module.exports = { limitStackDepth }
