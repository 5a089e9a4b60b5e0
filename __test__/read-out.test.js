'use strict'

const assert = require('node:assert')
const { test } = require('node:test')
const v8 = require('node:v8')
const { readOut } = require('../lib/captures/read-out')

function handleOf (stream) {
  return stream[Object.getOwnPropertySymbols(stream).find(({ description }) => description === 'kHandle')]
}

function textOf (stream) {
  const chunks = []
  // A chunk is only good during the call.
  const ended = readOut(stream, (chunk) => chunks.push(Buffer.from(chunk)))
  assert.ok(ended)
  return chunks
}

function assertWhole (chunks) {
  const snapshot = JSON.parse(Buffer.concat(chunks))
  assert.strictEqual(snapshot.nodes.length, snapshot.snapshot.node_count * snapshot.snapshot.meta.node_fields.length)
}

test('a snapshot comes out whole, chunk by chunk through the same memory', () => {
  const buffers = new Set()
  const stream = v8.getHeapSnapshot()
  const chunks = []
  assert.ok(readOut(stream, (chunk) => { buffers.add(chunk.buffer); chunks.push(Buffer.from(chunk)) }))
  assert.strictEqual(buffers.size, 1)
  assert.ok(chunks.length > 10)
  assertWhole(chunks)
})

test('and where Node does not offer that, too', () => {
  for (const missing of ['useUserBuffer', 'bytesRead']) {
    const stream = v8.getHeapSnapshot()
    Object.defineProperty(handleOf(stream), missing, { value: undefined })
    assertWhole(textOf(stream))
  }
})

test('what throws ends the capture with what it threw, whatever that is', () => {
  for (const thrown of [new Error('full'), undefined]) {
    let calls = 0
    try {
      readOut(v8.getHeapSnapshot(), () => { calls++; throw thrown })
      assert.fail('nothing was thrown')
    } catch (error) {
      assert.strictEqual(error, thrown)
    }
    assert.strictEqual(calls, 1)
  }
})

test('a stream that does not deliver at once is told of', () => {
  const slow = { read () {} }
  assert.strictEqual(readOut(slow, () => {}), false)
})
