'use strict'

// Linux only: what the kernel knows of this process's memory.

const fs = require('node:fs')

function rssBytes () {
  return status('VmRSS')
}

/** The most that was resident since resetPeak(). */
function peakRssBytes () {
  return status('VmHWM')
}

function resetPeak () {
  fs.writeFileSync('/proc/self/clear_refs', '5')
}

/** What the main thread has done so far, in milliseconds: on a CPU, and ready but without one. */
function mainThread () {
  const [onCpu, ready] = fs.readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ').map((ns) => ns / 1e6)
  return { onCpu, ready }
}

function status (field) {
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(fs.readFileSync('/proc/self/status', 'latin1'))[1]) * 1024
}

module.exports = { mainThread, rssBytes, peakRssBytes, resetPeak }
