'use strict'

// The text of a real heap snapshot, for the benches of the writer.

const path = require('node:path')
const { runChild } = require('./child')

const SNAPSHOT = path.join(__dirname, 'snapshot-child.js')
const MB = 1e6

/** Of the usual heap, with `size` MB used. */
async function makeInput (dir, size) {
  const units = await runChild(SNAPSHOT, { calibrate: size * MB }, ['--expose-gc'])
  return runChild(SNAPSHOT, { side: 'raw', units, dir })
}

module.exports = { makeInput }
