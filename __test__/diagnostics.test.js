'use strict'

const assert = require('node:assert/strict')
const diagnosticsChannel = require('node:diagnostics_channel')
const { test } = require('node:test')
const { takeSnapshot, createSnapshotStream, startSampling, startCpuProfile, startTimeline } = require('..')
const { tmpDir } = require('./support')

/** All events from now on, as [event, message]. */
function listen (t) {
  const events = []
  for (const event of ['start', 'end', 'error']) {
    const name = `heapkit:capture:${event}`
    const note = (message, channel) => {
      assert.equal(channel, name)
      events.push([event, message])
    }
    diagnosticsChannel.subscribe(name, note)
    t.after(() => diagnosticsChannel.unsubscribe(name, note))
  }
  return events
}

test('every capture has a start and an end with its artifact', async (t) => {
  const dir = tmpDir(t)
  const events = listen(t)
  const artifacts = [await takeSnapshot({ dir })]
  for (const start of [startSampling, startTimeline, startCpuProfile]) artifacts.push(await start().stop({ dir }))
  assert.deepEqual(events.map(([event, { kind }]) => [event, kind]), [
    ['start', 'snapshot'], ['end', 'snapshot'], ['start', 'sampling'], ['end', 'sampling'],
    ['start', 'timeline'], ['end', 'timeline'], ['start', 'cpu'], ['end', 'cpu']
  ])
  artifacts.forEach((artifact, index) => {
    const [, start] = events[2 * index]
    const [, end] = events[2 * index + 1]
    assert.deepEqual(Object.keys(start), ['id', 'kind', 'threadId', 'startedAt'])
    assert.deepEqual(end, { ...start, artifact })
  })
})

test('a capture() of a session has events of its own', async (t) => {
  const dir = tmpDir(t)
  const events = listen(t)
  const session = startSampling()
  await session.capture({ dir })
  await session.stop({ dir })
  const ids = events.map(([event, { id }]) => [event, id - events[0][1].id])
  assert.deepEqual(ids, [['start', 0], ['start', 1], ['end', 1], ['end', 0]])
})

test('a stream has an end without a path', async (t) => {
  const events = listen(t)
  const stream = createSnapshotStream()
  await stream.resume().toArray()
  assert.deepEqual(events.map(([event]) => event), ['start', 'end'])
  assert.equal(events[1][1].artifact.path, null)
})

test('a failed capture has one error', async (t) => {
  const events = listen(t)
  const failed = await takeSnapshot({ dir: __filename }).catch((error) => error)
  const late = await takeSnapshot({ dir: tmpDir(t), timeoutMs: 1 }).catch((error) => error)
  assert.deepEqual(events.map(([event]) => event), ['start', 'error', 'start', 'error'])
  assert.equal(events[1][1].error, failed)
  assert.equal(events[3][1].error, late)
})

test('a session that is disposed of has one error, too', async (t) => {
  const events = listen(t)
  const session = startSampling()
  await session[Symbol.asyncDispose]()
  await session[Symbol.asyncDispose]()
  assert.deepEqual(events.map(([event]) => event), ['start', 'error'])
  assert.equal(events[1][1].error.code, 'HEAPKIT_ERR_ABORTED')
})
