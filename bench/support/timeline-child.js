'use strict'

// The measured process of timeline.js.

const inspector = require('node:inspector')
const { setTimeout: sleep } = require('node:timers/promises')
const { startTimeline } = require('../..')
const { serve } = require('./child')

const EVERY_MS = 10

const START = {
  none () {},
  inspector (session) { session.post('HeapProfiler.startTrackingHeapObjects', { trackAllocations: false }) },
  fast () { startTimeline({ resolutionMs: 100 }) },
  usual () { startTimeline() }
}

serve(async ({ side, objects, seconds }) => {
  globalThis.kept = Array.from({ length: objects }, (_, number) => ({ number, text: `number ${number}` }))
  let turns = 0
  const session = new inspector.Session()
  session.connect()
  START[side](session)
  const timer = setInterval(() => { turns++ }, EVERY_MS)
  await sleep(seconds * 1000)
  clearInterval(timer)
  return { turns }
})
