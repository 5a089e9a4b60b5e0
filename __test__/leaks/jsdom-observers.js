'use strict'

// Widgets watch the body with a MutationObserver and never disconnect it; the page lives as long as the service that renders it.

const { JSDOM } = require('jsdom')

const { window } = new JSDOM('<body></body>')

class Widget {
  constructor (number) {
    this.points = Array.from({ length: 200 }, (_, point) => point * number + 0.5)
    new window.MutationObserver(() => this.points.pop()).observe(window.document.body, { childList: true })
  }
}

module.exports = {
  holder: [/\bHTMLBodyElement(Impl)?\b|\b_?registeredObserverList\b|\bbody\b|\bactiveMutationObservers\b/],
  thing: /\bWidget\b|\bMutationObserver(Impl)?\b|\{observer, options/,
  count: 1,
  bytes: 4200,
  calls: [100, 1000, 1000],
  leak (index) { return new Widget(index) }
}
