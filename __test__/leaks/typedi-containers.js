'use strict'

// A container of typedi is made for each request, and nobody resets it when the request is done.

require('reflect-metadata')
const { Container } = require('typedi')

class RequestContext {
  constructor (number) {
    this.url = `/orders/${number}`
    this.timings = Array.from({ length: 30 }, (_, timing) => timing * number + 0.5)
  }
}

module.exports = {
  holder: [/\bContainerRegistry\b|\bContainerInstance\b|\bContainer\b/, /\bcontainerMap\b|\binstances\b|\bservices\b|\bmetadataMap\b/],
  thing: /\bContainerInstance\b|\bRequestContext\b/,
  count: 1,
  bytes: 900,
  calls: [500, 4000, 4000],
  leak (index) { Container.of(`request-${index}`).set('context', new RequestContext(index)) }
}
