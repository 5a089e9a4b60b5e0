'use strict'

// A shared document of Yjs tracks changes for an undo that nobody limits: what was deleted stays in its stack.

const Y = require('yjs')

const document = new Y.Doc()
const board = document.getMap('board')
const undo = new Y.UndoManager(board, { captureTimeout: 0 })

module.exports = {
  holder: [/\bUndoManager\b|\bundo\b|\bundoStack\b|\bDoc\b|\bStructStore\b/],
  thing: /\bStackItem\b|\bItem\b/,
  bytes: 2500,
  calls: [100, 1000, 1000],
  leak (index) {
    board.set('title', `title ${index} `.repeat(10))
    undo.stopCapturing()
  }
}
