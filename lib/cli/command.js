'use strict'

// What the commands about snapshots share: their arguments, a progress line on a terminal, JSON or text.

const { parseArgs } = require('node:util')
const { UsageError } = require('./usage-error')
const { bytes, count, visible } = require('./table')

const COMMON = {
  json: { type: 'boolean' },
  partial: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' }
}

const COMMON_USAGE = `  --partial   read what there is of a file that breaks off
  --json      the answer as JSON
  -h, --help  this text
`

const BAR_WIDTH = 24
const CLEAR_LINE = '\r\x1b[K'

/**
 * Makes a command of { usage, options, min, max, run }. `run(positionals, values, out)` is called when the number of arguments is right, and
 * returns the exit code, if that is not 0.
 */
function command ({ usage, options = {}, min, max = min, run }) {
  return {
    async run (args, { stdout, stderr }) {
      const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { ...COMMON, ...options } })
      if (values.help) {
        stdout.write(usage)
        return 0
      }
      if (positionals.length < min || positionals.length > max) {
        throw new UsageError(`${usage.split('\n')[0].replace('Usage: heapkit ', '')}: ${positionals.length} arguments were given; \`heapkit ${usage.split(' ')[2]} --help\` says more`)
      }
      const control = { partial: values.partial, onProgress: stderr.isTTY ? progressOn(stderr) : undefined }
      try {
        return await run(positionals, values, { stdout, control }) ?? 0
      } finally {
        if (stderr.isTTY) stderr.write(CLEAR_LINE)
      }
    }
  }
}

/** A line that is written over and over, and removed when the work is done. */
function progressOn (stderr) {
  return ({ phase, readBytes, totalBytes }) => {
    let line = ''
    if (phase === 'reading') {
      const share = totalBytes ? Math.min(1, readBytes / totalBytes) : 0
      const bar = totalBytes ? `[${'#'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.')}] ${String(Math.floor(share * 100)).padStart(3)} %  ` : ''
      line = `reading    ${bar}${bytes(readBytes)}`
    } else if (phase === 'analysing') line = 'analysing  dominators, retained sizes, distances, classes'
    stderr.write(CLEAR_LINE + line)
  }
}

/** The value of an option that is a number. */
function integer (text, name, fallback) {
  if (text === undefined) return fallback
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 10_000) throw new UsageError(`--${name} must be a number from 1 to 10000; got ${JSON.stringify(text)}`)
  return Number(text)
}

function writeJson (stdout, answer) {
  stdout.write(JSON.stringify(answer, null, 2) + '\n')
}

/** Comes before everything else about a file. */
function incomplete (reason) {
  return reason === undefined ? '' : `INCOMPLETE: ${visible(reason)}. What follows is about the part that could be read.\n\n`
}

/** A path on one line: its steps joined, and the middle left out if it is long. */
function pathText (steps, keep = 12) {
  const words = steps.map((step, index) => index === 0 && step.count === undefined ? step.name : stepText(step, '→'))
  if (words.length > keep) words.splice(Math.ceil(keep / 2), words.length - keep, `… ${words.length - keep} more …`)
  return visible(words.join('  '))
}

/** A step of a path; of those that repeat, or that are left out, how many. `nameless` stands for a reference that says nothing. */
function stepText ({ name, by, count: number }, nameless = '') {
  const step = `${by || (name && nameless)} ${name}`.trim()
  return number === undefined ? step : `… ${count(number)} more ${step && `${step} `}…`
}

module.exports = { command, COMMON_USAGE, integer, writeJson, incomplete, pathText, stepText }
