'use strict'

// What sampling counts: what is alive, or all that was allocated. Options that contradict one another are refused.

const { invalidOption } = require('../errors')
const { bare } = require('./read')

const FLAGS = ['includeObjectsCollectedByMajorGC', 'includeObjectsCollectedByMinorGC']

/** The options of a sampling session, with what `allocations` stands for. */
function counting (own) {
  const { allocations, maxSamples, threads } = own
  const refused = FLAGS.find((flag) => own[flag] === false)
  if (allocations && refused !== undefined) {
    throw invalidOption(refused, 'contradicts `allocations: true`, which counts what any garbage collection has freed; leave one of the two out', false)
  }
  if (allocations === false && FLAGS.every((flag) => own[flag])) {
    throw invalidOption('allocations', `contradicts ${FLAGS.join(' and ')}, which together count all allocations; leave it out, or say true, which bounds what V8 keeps`, false)
  }
  if (allocations && threads) {
    throw invalidOption('threads', 'cannot be had with `allocations: true`, whose memory is bounded in each thread by itself; leave one of the two out, or start a session in each thread', true)
  }
  if (maxSamples !== undefined && !allocations) {
    throw invalidOption('maxSamples', 'means nothing without `allocations: true`, because V8 keeps no samples of what has died then', maxSamples)
  }
  return allocations ? bare(own, Object.fromEntries(FLAGS.map((flag) => [flag, true]))) : own
}

module.exports = { counting }
