'use strict'

// One snapshot, read until all its retained sizes are known: the measured process of heap.js, for the sides in JavaScript.

const fs = require('node:fs')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const { pathToFileURL } = require('node:url')
const { peakRssBytes } = require('./proc')

/** Each loads its code and answers the reading; what that answers with is asked afterwards, unmeasured. */
const SIDES = {
  heapkit () {
    const { HeapReading } = require('../../lib/native')
    return async (file) => {
      const heap = await new HeapReading().open(file, false)
      return async () => {
        const { file: { nodes }, totals: { total } } = await heap.summary(1, 'retained')
        return { nodes, total }
      }
    }
  },
  async devtools (dir) {
    const { parse } = await import(pathToFileURL(path.join(dir, 'index.js')))
    return async (file) => {
      // As its README has it; larger chunks are no faster.
      const heap = await parse(fs.createReadStream(file, 'utf-8'))
      return () => ({ nodes: heap.nodeCount, total: heap.retainedSizes[heap.rootNodeIndex / heap.nodeFieldCount] })
    }
  },
  memlab (dir) {
    const { getFullHeapFromFile } = require(dir)
    return async (file) => {
      const heap = await getFullHeapFromFile(file)
      return () => ({ nodes: heap.nodes.length, total: heap.nodes.get(0).retainedSize })
    }
  }
}

async function main (side, file, dir) {
  const read = await SIDES[side](dir)
  const start = performance.now()
  const known = await read(file)
  const seconds = (performance.now() - start) / 1000
  const peakRss = peakRssBytes()
  return { seconds, peakRss, ...await known() }
}

// On a line of its own: memlab tells what it does while it does it.
const answer = (result) => fs.writeSync(1, `\n${JSON.stringify(result)}\n`)

main(...process.argv.slice(2)).then(answer, (error) => answer({ failed: String(error?.message ?? error) })).then(() => process.exit())
