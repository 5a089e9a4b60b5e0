'use strict'

// What a document was before each change, for an undo that nobody bounds.

class UndoHistory extends Array {
  remember (state) { this.push(state) }
}

class DrawingState {
  constructor (number) {
    this.number = number
    this.points = Array.from({ length: 70 }, (_, point) => point * 0.5)
  }
}

class Drawing {
  undo = new UndoHistory()
}

const drawing = new Drawing()

module.exports = {
  holder: [/\bUndoHistory\b|\bDrawing\b|\bdrawing\b/],
  thing: /\bDrawingState\b/,
  count: 1,
  bytes: 700,
  calls: [1000, 8000, 8000],
  leak (index) { drawing.undo.remember(new DrawingState(index)) }
}
