'use strict'

// A tracer of its own has async_hooks tell it of each resource, and keeps what it knows of it in a map. It forgot to ask for those that are destroyed.

const { createHook, executionAsyncId, AsyncResource } = require('node:async_hooks')

const tracesById = new Map()

class ResourceTrace {
  constructor (type, parent) {
    this.type = type
    this.parent = parent
    this.marks = Array.from({ length: 20 }, (_, mark) => mark * parent + 0.5)
  }
}

const hook = createHook({ init (id, type, parent) { if (type === 'QUERY') tracesById.set(id, new ResourceTrace(type, parent)) } })

module.exports = {
  holder: [/\btracesById\b/, /async-hooks-map\.js/],
  thing: /\bResourceTrace\b/,
  count: 1,
  bytes: 550,
  calls: [1000, 8000, 8000],
  start () { hook.enable() },
  leak () { new AsyncResource('QUERY').runInAsyncScope(executionAsyncId) }
}
