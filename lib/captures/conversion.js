'use strict'

// Formats that are not V8's own: what the core needs to make them of V8's text, on the capture's own thread, and what that text does not say.

const { version } = require('../../package.json')
const { flamePage } = require('../flame')
const { bare, isOwnFormat } = require('../options')
const time = require('../time')
const { OWN } = require('./subject')

/** What lies between two samples, and how much of it `sampleInterval: 1` is. */
const PERIODS = {
  sampling: { periodName: 'space', periodUnit: 'bytes', unit: 1 },
  cpu: { periodName: 'cpu', periodUnit: 'nanoseconds', unit: 1000 }
}

/** What a page is called. */
const TITLES = { sampling: 'Heap profile', cpu: 'CPU profile' }

/**
 * The options of a recording, with the rule for the core if `format` is not V8's own. `about` has { start: { date, at }, sampleInterval, value? } of the session;
 * `base`, where there is one, is an earlier reading, { date, at, text } with V8's own text, which is taken off; `plus` has such texts that are added, and `notes` what else is to be said.
 */
function converted (kind, options, { start, sampleInterval, value }) {
  const { output: { format }, base, plus = [], notes = [], sourceMaps, subject: { pid, threadId, nodeVersion } = OWN } = options
  if (isOwnFormat(kind, format) && plus.length === 0) return options
  const { unit, ...period } = PERIODS[kind]
  const comments = [`Node.js ${nodeVersion}, ${process.platform} ${process.arch}`, `process ${pid}, thread ${threadId}`, ...notes]
  const { date, at } = base ?? start
  const times = { startedAtMs: date.getTime(), elapsedMs: time.now() - at }
  // Its files are read at the first one in a thread, as those of modules are.
  const page = format === 'flamegraph' ? flamePage({ title: `${TITLES[kind]} of process ${pid}` }) : undefined
  const convert = bare(period, times, { format, page, period: sampleInterval * unit, comments, maker: `heapkit ${version}`, value, base: base?.text, plus, sourceMaps })
  return bare(options, { convert })
}

module.exports = { converted }
