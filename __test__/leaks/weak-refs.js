'use strict'

// A registry remembers its documents by WeakRefs, so that it keeps none alive; that of a document that is gone stays, and so does its key.

class DocumentRegistry {
  #byUrl = new Map()

  register (document) { this.#byUrl.set(document.url, new WeakRef(document)) }
}

const registry = new DocumentRegistry()

module.exports = {
  holder: [/\bDocumentRegistry\b|\bregistry\b/, /\bbyUrl\b/],
  thing: /\bWeakRef\b/,
  count: 1,
  bytes: 180,
  calls: [2000, 20_000, 20_000],
  leak (index) {
    registry.register({ url: `https://shop.example/documents/${index}?version=${index % 9}&language=en`, pages: [index] })
  }
}
