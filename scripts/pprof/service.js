'use strict'

// The service of `npm run test:pprof`: it works and allocates, serves the handler, and remembers what V8 itself said at each reading.
//
// node service.js alive|all TOKEN: which allocations its sampling session counts.

const http = require('node:http')
const inspector = require('../../lib/inspector')
const { createHandler, startSampling } = require('../..')

const [, , counts, token] = process.argv
const PREFIX = '/debug/heapkit'
const BUSY_MS = 20
const EVERY_MS = 50

class Row {
  constructor (number) {
    this.number = number
    this.text = `row ${number}`
  }
}

const kept = []

function makeRows (count) {
  for (let number = 0; number < count; number++) kept.push(new Row(number))
}

function work () {
  let sum = 0
  const until = performance.now() + BUSY_MS
  while (performance.now() < until) {
    for (let number = 0; number < 10_000; number++) sum += Math.sqrt(number)
  }
  return sum
}

/** V8's own profiles since somebody asked. */
let profiles = []
const { postSync } = inspector
inspector.postSync = (method, ...rest) => {
  const answer = postSync(method, ...rest)
  if (answer?.profile) profiles.push(answer.profile)
  return answer
}

const all = counts === 'all'
startSampling({ sampleInterval: 16 * 1024, includeObjectsCollectedByMajorGC: all, includeObjectsCollectedByMinorGC: all })
makeRows(200_000)
setInterval(() => {
  work()
  makeRows(500)
}, EVERY_MS)

// What a child reads nobody else sees.
const handler = createHandler({ token, prefix: PREFIX, mode: 'inline' })
http.createServer((req, res) => {
  handler(req, res, () => {
    res.setHeader('Connection', 'close')
    res.end(JSON.stringify(profiles))
    profiles = []
  })
}).listen(0, '127.0.0.1', function () {
  console.log(`http://reader:${token}@127.0.0.1:${this.address().port}${PREFIX}/pprof`)
})
