'use strict'

// Heaps of one kind of thing each, for memory.js; and a service's.

const { Heap } = require('./heap')

const text = (value) => Buffer.from(value).toString('latin1')

/** Each adds some hundred KB to `kept`, an array that everything is held by unless it says otherwise. */
const KINDS = {
  service: (kept) => { (kept.heap ??= new Heap()).grow(20) },
  strings: (kept) => repeat(2000, (n) => kept.push(text(`string number ${kept.length}, ${n}, with some more text`))),
  objects: (kept) => repeat(2000, (n) => kept.push({ n })),
  nested: (kept) => repeat(1000, (n) => kept.push({ n, parts: [n, { n }], next: kept[kept.length - 1] })),
  Maps: (kept) => repeat(200, () => kept.push(new Map(Array.from({ length: 10 }, (_, n) => [`key ${n}`, { n }])))),
  'one Map': (kept) => repeat(2000, (n) => (kept.table ??= new Map()).set(`key ${kept.table.size}`, { n })),
  closures: (kept) => repeat(2000, (n) => kept.push(() => n)),
  Buffers: (kept) => repeat(500, (n) => kept.push(Buffer.alloc(n % 50 === 0 ? 20_000 : 200, 1)))
}

function repeat (times, work) {
  for (let n = 0; n < times; n++) work(n)
}

function build (kind, megabytes) {
  const kept = []
  while (process.memoryUsage().heapUsed < megabytes * 1e6) KINDS[kind](kept)
  return kept
}

module.exports = { kinds: Object.keys(KINDS), build }
