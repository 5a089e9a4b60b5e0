'use strict'

// The measured process of timeline.js.

const inspector = require('node:inspector')
const { setTimeout: sleep } = require('node:timers/promises')
const { startTimeline } = require('../..')
const { onTimelineSample } = require('../../lib/inspector')
const { serve } = require('./child')

const EVERY_MS = 10

const START = {
  none () {},
  inspector (session) { session.post('HeapProfiler.startTrackingHeapObjects', { trackAllocations: false }) },
  fast () { return startTimeline({ resolutionMs: 100 }) },
  usual () { startTimeline() }
}

serve(async ({ side, objects, seconds }) => {
  globalThis.kept = Array.from({ length: objects }, (_, number) => ({ number, text: `number ${number}` }))
  let turns = 0
  const session = new inspector.Session()
  session.connect()
  const timeline = START[side](session)
  let samples = 0
  let inHeap = 0
  if (timeline) {
    onTimelineSample(({ params: { lastSeenObjectId } }) => {
      samples++
      // Every other number is an object's.
      inHeap = Math.round(lastSeenObjectId / 2)
    })
  }
  const before = process.cpuUsage()
  const timer = setInterval(() => { turns++ }, EVERY_MS)
  await sleep(seconds * 1000)
  clearInterval(timer)
  const { user, system } = process.cpuUsage(before)
  return { turns, inHeap, sampleMs: samples && (user + system) / 1000 / samples }
})
