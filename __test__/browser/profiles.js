'use strict'

// Profiles for the tests of the flame graph's page: of a shop, a minute before as well, with names that somebody chose, and very large ones.

const { HOSTILE } = require('./fixture')

/** Half of a character is in no profile. */
const WELL_FORMED = HOSTILE.map((name) => name.toWellFormed())

const OWN = 'file:///srv/shop/'
const LODASH = 'file:///srv/shop/node_modules/lodash/lodash.js'

/** Functions by a short name: [name, url, line from 0]. */
const FUNCTIONS = {
  main: ['main', `${OWN}main.js`, 3],
  serve: ['serve', `${OWN}serve.js`, 11],
  price: ['price', `${OWN}price.js`, 7],
  report: ['report', `${OWN}report.js`, 20],
  clone: ['baseClone', LODASH, 2661],
  each: ['arrayEach', LODASH, 500],
  read: ['readSync', 'node:fs', 700],
  gc: ['(garbage collector)', '', -1],
  idle: ['(idle)', '', -1]
}

/** Stacks, the outermost first, and how many milliseconds they took. */
const SHOP = [
  ['main serve price', 300], ['main serve clone each clone each', 200], ['main serve clone', 100], ['main serve read', 50],
  ['main report clone each', 150], ['main report', 50], ['gc', 150], ['idle', 500]
]

/** The same before `price` grew, with what is gone, and `serve` on another line. */
const BEFORE = [
  ['main serve price', 100], ['main serve clone each clone each', 200], ['main serve clone', 100], ['main serve read', 50],
  ['main report clone each', 300], ['main report', 50], ['gc', 150], ['idle', 500]
]

/** A `.cpuprofile` of [stack, milliseconds] each: a stack is functions as above, or their short names. */
function cpuProfile (stacks, known = FUNCTIONS) {
  const nodes = [{ id: 1, callFrame: { functionName: '(root)', scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 }, children: [] }]
  const places = new Map()
  const samples = []
  const timeDeltas = []
  for (const [stack, milliseconds] of stacks) {
    let node = nodes[0]
    for (const frame of typeof stack === 'string' ? stack.split(' ') : stack) {
      const [functionName, url, lineNumber] = Array.isArray(frame) ? frame : known[frame]
      const key = `${node.id} ${functionName} ${url} ${lineNumber}`
      if (!places.has(key)) {
        const child = { id: nodes.length + 1, callFrame: { functionName, scriptId: '7', url, lineNumber, columnNumber: 0 }, children: [] }
        places.set(key, child)
        nodes.push(child)
        node.children.push(child.id)
      }
      node = places.get(key)
    }
    samples.push(node.id)
    timeDeltas.push(milliseconds * 1000)
  }
  // A sample lasts until the next.
  const all = timeDeltas.reduce((sum, delta) => sum + delta, 0)
  return JSON.stringify({ nodes, startTime: 0, endTime: all, samples, timeDeltas: [0, ...timeDeltas].slice(0, samples.length) })
}

function shop () {
  return cpuProfile(SHOP)
}

function shopBefore () {
  return cpuProfile(BEFORE, { ...FUNCTIONS, serve: ['serve', `${OWN}serve.js`, 15] })
}

function hostile () {
  return cpuProfile(WELL_FORMED.flatMap((name) => [[[FUNCTIONS.main, [name, `${OWN}${name}`, 1]], 50], [[FUNCTIONS.main, [name, `${OWN}node_modules/${name}/x.js`, 1], FUNCTIONS.price], 50]]))
}

/** So many different stacks, each of them seen once, some wide and most of them narrower than anything that can be seen. */
function large (count) {
  let state = 42
  const random = () => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return state / 2 ** 31
  }
  const stacks = []
  for (let at = 0; at < count; at++) {
    const stack = [FUNCTIONS.main]
    const depth = 6 + Math.floor(random() * 24)
    for (let level = 1; level < depth; level++) {
      // Near the root a few, of which the first is the most frequent; then ever more.
      const one = Math.floor(random() ** 3 * Math.min(40, 2 + level * 2))
      stack.push([`step${level}of${one}`, level % 3 === 0 ? LODASH : `${OWN}step${one}.js`, level])
    }
    stack.push([`leaf${at}`, `${OWN}leaves.js`, at])
    stacks.push([stack, 1])
  }
  return cpuProfile(stacks)
}

/** Half of it in one function, half in so many. */
function narrow (count) {
  const main = FUNCTIONS.main
  return cpuProfile([[[main, ['wide', `${OWN}wide.js`, 1]], count], ...Array.from({ length: count }, (_, at) => [[main, [`narrow${at}`, `${OWN}narrow.js`, at]], 1])])
}

module.exports = { WELL_FORMED, shop, shopBefore, hostile, large, narrow, cpuProfile }
