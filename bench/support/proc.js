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

function status (field) {
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(fs.readFileSync('/proc/self/status', 'latin1'))[1]) * 1024
}

module.exports = { rssBytes, peakRssBytes, resetPeak }
