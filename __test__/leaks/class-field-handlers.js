'use strict'

// A tab binds its handlers in class fields, and gives them to a bus that outlives it.

class MessageBus {
  #handlers = new Map()

  on (topic, handler) {
    if (!this.#handlers.has(topic)) this.#handlers.set(topic, [])
    this.#handlers.get(topic).push(handler)
  }
}

const bus = new MessageBus()

class EditorTab {
  lines = Array.from({ length: 40 }, (_, line) => line + 0.5)

  onSaved = () => { this.lines.length = 0 }

  constructor () { bus.on('saved', this.onSaved) }
}

module.exports = {
  holder: [/\bMessageBus\b|\bbus\b/, /\bhandlers\b/],
  thing: /\bEditorTab\b|\bonSaved\b/,
  count: 1,
  bytes: 950,
  calls: [1000, 8000, 8000],
  leak () { return new EditorTab() }
}
