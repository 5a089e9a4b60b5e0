'use strict'

// Time for captures. Test suites replace timers and clocks, and services patch them: what waits by those may wait for ever, and with
// it whoever waits for the one place for heavy captures. So clocks and alarms are heapkit's own (src/alarms.rs).

const { performance } = require('node:perf_hooks')
const { Alarm, delay, monotonicMs, wallClockMs } = require('./native')

// Of a date that it is given, also a replaced one makes the right text; one that throws later does not matter here.
const { Date } = globalThis

/** Calls back once in `ms` milliseconds; 0: as soon as the event loop has its turn, before any timer. Does not keep the process alive. */
function after (ms, callback) {
  return new Alarm(Math.ceil(ms), () => { callback() })
}

/** Calls back every `ms` milliseconds until it is cancelled. Does not keep the process alive. */
function every (ms, callback) {
  let alarm
  let isCancelled = false
  const again = () => {
    alarm = after(ms, () => {
      callback()
      if (!isCancelled) again()
    })
  }
  again()
  return {
    cancel () {
      isCancelled = true
      alarm.cancel()
    }
  }
}

/** How long this thread's event loop has waited for something to do. 0 where somebody has replaced what tells, so that nothing counts as idle. */
function idleMs () {
  const { idle } = performance.eventLoopUtilization()
  return Number.isFinite(idle) ? idle : 0
}

/** The date of a time of the day, by default of now, whatever the process believes it is. */
function date (ms = wallClockMs()) {
  return new Date(ms)
}

module.exports = { now: monotonicMs, idleMs, date, wallClockMs, delay, after, every }
