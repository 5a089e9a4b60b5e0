'use strict'

// Parsed queries are kept by their text; but clients write their arguments into it, so that no two are the same.

const { parse } = require('graphql')

const documents = new Map()

function documentOf (query) {
  if (!documents.has(query)) documents.set(query, parse(query))
  return documents.get(query)
}

module.exports = {
  holder: [/\bdocuments\b/, /graphql-documents\.js/],
  thing: /\bDocument(Node)?\b|\{kind, definitions/,
  count: 1,
  bytes: 6000,
  calls: [50, 700, 700],
  leak (index) { documentOf(`query { user(id: ${index}) { name, orders(first: 10) { number, total } } }`) }
}
