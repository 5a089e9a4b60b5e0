'use strict'

// Twenty worker threads that capture at once, and end at random moments in the middle of it.

const { warmService, mustBeClean } = require('./subject')

async function run ({ node, dir, random, times = 20 }) {
  const { service, before } = await warmService(node, dir)
  try {
    const ends = Array.from({ length: times }, () => ({ how: random.pick(['terminate', 'throw', 'exit']), afterMs: random.between(500, 8000) }))
    await service.ask('workers', { dir, ends })
    await mustBeClean(service, { dir, before })
    return `${times} threads ended`
  } finally {
    await service.end()
  }
}

module.exports = { run }
