'use strict'

// What the commands about snapshots share: their arguments, a progress line on a terminal, JSON or text.

const { keepPriority } = require('../native')
const { readArguments } = require('./arguments')
const { UsageError } = require('./usage-error')
const { GAP, bytes, count, ending, visible, wrapped } = require('./table')

const COMMON = {
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' }
}

const COMMON_USAGE = `  --json      the answer as JSON
  -h, --help  this text
`

const PROFILE = { force: { type: 'boolean' }, 'source-maps': { type: 'string', multiple: true } }

/** Of commands that hold one of these in memory. */
const READING = { snapshot: { ...PROFILE, partial: { type: 'boolean' } }, profile: PROFILE }

const READING_USAGE = `  --source-maps DIR
              name sources instead of scripts, by the maps in DIR, or in another one that is named so: of /srv/shop/dist/main.js
              DIR/main.js.map, DIR/dist/main.js.map, or what the comment at the end of such a main.js says
  --partial   read what there is of a file that breaks off
  --force     read it although it needs more memory than there seems to be; it is given up before memory runs out
${COMMON_USAGE}`

const PROFILE_USAGE = `  --source-maps DIR
                   name sources instead of scripts, by the maps in DIR, or in another one that is named so
  --force          read it although it needs more memory than there seems to be
  --json           the answer as JSON
  -h, --help       this text
`

const BAR_WIDTH = 24
const CLEAR_LINE = '\r\x1b[K'

/**
 * Makes a command of { usage, options, reads, run }; `reads` says what it holds in memory: 'snapshot', 'profile' or nothing. `run(positionals, values, out)` is called when
 * they are as the usage's first line says, and returns the exit code, if that is not 0. `out` is { output, stderr, control }.
 */
function command ({ usage, options = {}, reads = 'snapshot', run }) {
  const known = { ...COMMON, ...READING[reads], ...options }
  return {
    async run (args, { output, stderr }) {
      const { values, positionals } = readArguments(args, known, usage)
      if (values.help) {
        output.write(usage)
        return 0
      }
      // It keeps nobody waiting but whoever typed it.
      keepPriority()
      const control = {
        onProgress: stderr.isTTY ? progressOn(stderr) : undefined,
        ...(reads && { sourceMaps: values['source-maps'], memory: { force: values.force } }),
        ...(reads === 'snapshot' && { partial: values.partial })
      }
      try {
        return await run(positionals, values, { output, stderr, control }) ?? 0
      } finally {
        if (stderr.isTTY) stderr.write(CLEAR_LINE)
      }
    }
  }
}

/** A line that is written over and over, and removed when the work is done. */
function progressOn (stderr) {
  const bar = (share) => `[${'#'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.')}] ${String(Math.floor(share * 100)).padStart(3)} %  `
  return ({ phase, readBytes, totalBytes, elapsedMs, totalMs }) => {
    let line = ''
    if (phase === 'reading') {
      line = `reading    ${totalBytes ? bar(Math.min(1, readBytes / totalBytes)) : ''}${bytes(readBytes)}`
    } else if (phase === 'profiling') line = `profiling  ${bar(elapsedMs / totalMs)}${Math.round(elapsedMs / 1000)} of ${totalMs / 1000} s`
    else if (phase === 'receiving') line = `receiving  ${bytes(readBytes)} in ${Math.round(elapsedMs / 1000)} s`
    else if (phase === 'analysing') line = 'analysing  dominators, retained sizes, distances, classes'
    stderr.write(CLEAR_LINE + line)
  }
}

/** The value of an option that is a number. */
function integer (text, name, fallback, most = 10_000) {
  if (text === undefined) return fallback
  if (!/^\d{1,10}$/.test(text) || Number(text) < 1 || Number(text) > most) throw new UsageError(`--${name} must be a number from 1 to ${most}; got ${JSON.stringify(text)}`)
  return Number(text)
}

/** Comes before everything else about a file. */
function incomplete (reason) {
  return reason === undefined ? '' : `INCOMPLETE: ${visible(reason)}. What follows is about the part that could be read.\n\n`
}

/** What became of `--source-maps`; comes after everything else. */
function sourceMaps (used, width) {
  if (used === undefined) return ''
  const { scripts, passedOver } = used
  const found = scripts === 0 ? 'No script has a source map there' : `${count(scripts)} ${scripts === 1 ? 'script has a source map' : 'scripts have source maps'}`
  return ['', found, ...passedOver.map(({ path, reason }) => `Passed over: ${visible(path)} ${visible(reason)}`)].flatMap((line) => wrapped(line, width)).join('\n') + '\n'
}

/** The answer about a profile, as JSON, with what became of its source maps. */
function withMaps (answer, { sourceMaps }) {
  return { ...answer, ...(sourceMaps && { sourceMaps }) }
}

/** A path on one line of at most `width` characters: as many of its last steps as there is room for, because they say most. */
function pathText (steps, width) {
  const words = steps.map((step, index) => visible(index === 0 && step.count === undefined ? step.name : stepText(step, '→')))
  const whole = words.join(GAP)
  if (whole.length <= width) return whole
  let text = ''
  for (const word of words.reverse()) {
    const longer = GAP + word + text
    if (longer.length >= width) break
    text = longer
  }
  return text === '' ? ending(words[0], width) : `…${text}`
}

/** A step of a path; of those that repeat, or that are left out, how many. `nameless` stands for a reference that says nothing. */
function stepText ({ name, by, count: number }, nameless = '') {
  const step = `${by || (name && nameless)} ${name}`.trim()
  return number === undefined ? step : `… ${count(number)} more ${step && `${step} `}…`
}

/** The name of what a command writes; it is never standard output, because it is there whole or not at all. */
function namedOutput (command, to) {
  if (to === '-') throw new UsageError(`${command}: it writes a file, which is there whole or not at all; give it a name instead of -`)
  return to
}

module.exports = { command, COMMON_USAGE, READING_USAGE, PROFILE_USAGE, integer, namedOutput, incomplete, sourceMaps, withMaps, pathText, stepText }
