'use strict'

// What the shop sells, and the work it does for an answer.

const KINDS = ['kettle', 'lamp', 'chair', 'radio', 'clock', 'bicycle', 'notebook', 'teapot']
const TRAITS = ['red', 'blue', 'small', 'large', 'folding', 'wooden', 'quiet', 'old', 'light', 'heavy']

const products = Array.from({ length: 600 }, (_, id) => {
  const traits = [TRAITS[id % 10], TRAITS[(id * 7 + 3) % 10]]
  const kind = KINDS[id % KINDS.length]
  return {
    id,
    name: `${traits.join(' ')} ${kind} No. ${id}`,
    price: 5 + (id * 37 % 400) / 4,
    tags: [kind, ...traits],
    description: `This ${kind} is ${traits.join(' and ')}. `.repeat(3)
  }
})

/** The best matches of all words of `query`. */
function search (query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  return products
    .map((product) => ({ product, score: words.filter((word) => product.name.includes(word)).length }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.product.price - b.product.price)
    .slice(0, 10)
    .map(({ product: { id, name, price } }) => ({ id, name, price }))
}

/** Products that share most tags with this one. */
function related ({ id, tags }) {
  return products
    .filter((other) => other.id !== id)
    .map((other) => ({ id: other.id, name: other.name, shared: other.tags.filter((tag) => tags.includes(tag)).length }))
    .sort((a, b) => b.shared - a.shared)
    .slice(0, 5)
}

module.exports = { products, search, related }
