'use strict'

// A server renders with one client of Apollo for all visitors: its InMemoryCache has every product that anybody looked at.

const { InMemoryCache, gql } = require('@apollo/client')

const cache = new InMemoryCache()
const PRODUCT = gql`query Product($id: ID!) { product(id: $id) { id name text tags } }`

module.exports = {
  holder: [/\bInMemoryCache\b|\bEntityStore\b|\bRoot\b|\bcache\b/, /\bdata\b|\bInMemoryCache\b/],
  thing: /\{(id, )?__typename\b|\bProduct\b/,
  bytes: 3600,
  calls: [200, 2000, 2000],
  leak (index) {
    const text = Buffer.alloc(3000, `${index} is good `).toString('latin1')
    const product = { __typename: 'Product', id: `${index}`, name: `Product ${index}`, text, tags: [`a${index}`, `b${index}`] }
    cache.writeQuery({ query: PRODUCT, variables: { id: `${index}` }, data: { product } })
  }
}
