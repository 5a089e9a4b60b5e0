'use strict'

// Makes the snapshots that heap.js reads: of the usual heap in `units`, or of a bare Node.js; and the same packed by heapkit.

const fs = require('node:fs')
const path = require('node:path')
const v8 = require('node:v8')
const { serve } = require('./child')
const { Heap } = require('./heap')

const CHUNK_BYTES = 64 * 1024

serve(async ({ units, file, pack }) => {
  if (pack) return packed(file, pack)
  if (units > 0) {
    globalThis.heap = new Heap()
    globalThis.heap.grow(units)
  }
  v8.writeHeapSnapshot(file)
  return fs.statSync(file).size
})

async function packed (file, { to, compression, level }) {
  const { Writer } = require('../../lib/native')
  const writer = new Writer({
    dir: path.dirname(to),
    file: path.basename(to),
    prefix: 'Heap',
    extension: 'heapsnapshot',
    stream: false,
    producerWaits: false,
    compression,
    level
  })
  await writer.open()
  for await (const chunk of fs.createReadStream(file, { highWaterMark: CHUNK_BYTES })) writer.write(chunk)
  await writer.finish()
  return fs.statSync(to).size
}
