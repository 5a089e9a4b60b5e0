'use strict'

// In which mode a heap is read: the one decision, and the list of what was tested that it stands on.

const { ForkedWork, platform } = require('../native')
const { HeapkitError, codes } = require('../errors')
const { bare } = require('../options')
const { runtime, needV8 } = require('../runtime')

/**
 * Where forked captures are tested (`npm run test:fork-stress`, `npm run test:musl`), by the names of the platform packages. `auto` forks on these
 * alone. It does so on a Node.js that is newer than the tests, too: what may go wrong there is the child's, and an inline capture would stop the service.
 */
const FORK_TESTED = ['linux-x64-gnu', 'linux-x64-musl']

const HERE = { runtime, platform: platform(), canFork: ForkedWork.isSupported }

/** 'fork' or 'inline'. Nothing ever falls back from 'fork' to 'inline' unasked. */
function settleMode (mode, here = HERE) {
  needV8()
  const obstacle = forkObstacle(here)
  if (mode === 'fork' && obstacle) {
    throw new HeapkitError(codes.UNSUPPORTED, `mode 'fork' ${obstacle}; mode 'inline' does without, and stops this thread meanwhile`)
  }
  if (mode !== 'auto') return mode
  return !obstacle && FORK_TESTED.includes(here.platform) ? 'fork' : 'inline'
}

/** Options of a capture whose mode is decided. */
function settled (wanted) {
  return bare(wanted, { mode: settleMode(wanted.mode) })
}

/** Why there can be no forked capture, if so. */
function forkObstacle ({ runtime: { isNode, label }, platform, canFork }) {
  if (!canFork) return `needs Linux on x64 or arm64, not ${platform}`
  // A child in which V8 waits for threads that it has not is slow at best: in Deno it waited for 12 s.
  if (!isNode) return `needs Node.js, whose way to run V8's threads heapkit knows, and this is ${label}`
}

module.exports = { settleMode, settled, FORK_TESTED }
