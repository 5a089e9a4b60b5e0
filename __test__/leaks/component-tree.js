'use strict'

// Each warning opens a popup on the overlay of the screen and never closes it. Popups are made of the same class as all else, container and content.

class Widget {
  constructor (label, children = []) {
    this.label = label
    this.children = children
    this.pixels = new Array(500).fill(0.5).map((pixel, index) => pixel * index)
  }
}

class Screen {
  overlay = new Widget('overlay')
  content = new Widget('content', Array.from({ length: 20 }, (_, row) => new Widget(`row ${row}`)))
}

const screen = new Screen()

module.exports = {
  holder: [/\boverlay\b/],
  thing: /\bWidget\b(?!\.)/,
  count: 1,
  bytes: 4 * 6200,
  calls: [0, 150, 150],
  leak (index) {
    screen.overlay.children.push(new Widget(`warning ${index}`, ['text', 'icon', 'button'].map((part) => new Widget(part))))
  }
}
