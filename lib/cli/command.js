'use strict'

// What the commands about snapshots share: their arguments, a progress line on a terminal, JSON or text.

const { parseArgs } = require('node:util')
const { nearest } = require('../options/nearest')
const { UsageError } = require('./usage-error')
const { bytes, visible } = require('./table')

const COPY = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' }
}
/** Of a copy there is the whole or nothing. */
const COMMON = { ...COPY, partial: { type: 'boolean' } }

const COPY_USAGE = `  --json      the answer as JSON
  -h, --help  this text
`
const COMMON_USAGE = `  --partial   read what there is of a file that breaks off
${COPY_USAGE}`

const BAR_WIDTH = 24
const CLEAR_LINE = '\r\x1b[K'

/**
 * Makes a command of { usage, options, min, max, copies, run }. `run(positionals, values, out)` is called when the number of arguments is right, and
 * returns the exit code, if that is not 0.
 */
function command ({ usage, options = {}, min, max = min, copies = false, run }) {
  return {
    async run (args, { stdout, stderr }) {
      const { values, positionals } = parse(args, { ...(copies ? COPY : COMMON), ...options })
      if (values.help) {
        stdout.write(usage)
        return 0
      }
      if (positionals.length < min || positionals.length > max) {
        const given = positionals.length === 1 ? 'one argument was given' : `${positionals.length || 'no'} arguments were given`
        throw new UsageError(`${usage.split('\n')[0].replace('Usage: heapkit ', '')}: ${given}; \`heapkit ${usage.split(' ')[2]} --help\` says more`)
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

/** Reads arguments; of an option that there is not, it says which was meant. */
function parse (args, options) {
  try {
    return parseArgs({ args, allowPositionals: true, options })
  } catch (error) {
    const [, name] = /^Unknown option '--([^']+)'/.exec(error.message) ?? []
    const meant = name && nearest(name, Object.keys(options))
    throw meant === undefined ? error : new UsageError(`Unknown option --${name}; did you mean --${meant}?`)
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
  const words = steps.map(({ name, by }, index) => index === 0 ? name : `${by || '→'} ${name}`)
  if (words.length > keep) words.splice(Math.ceil(keep / 2), words.length - keep, `… ${words.length - keep} more …`)
  return visible(words.join('  '))
}

module.exports = { command, COMMON_USAGE, COPY_USAGE, integer, writeJson, incomplete, pathText }
