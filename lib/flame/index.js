'use strict'

// The page of a flame graph.

const { version } = require('../../package.json')
const { around } = require('../page')

/** What comes before and after the data, which src/profile/write/flamegraph.rs puts between them: { head, tail }. `base` is what an earlier profile is called, if there is one. */
function flamePage ({ title, base = '' }) {
  return around(__dirname, { title, base, version })
}

module.exports = { flamePage }
