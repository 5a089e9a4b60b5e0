'use strict'

// What the commands have in common that take a profile of another process for some seconds.

const { recordForeign } = require('../captures/foreign')
const options = require('../options')
const { openProfile } = require('../profile')
const { pidOf, withProcess } = require('./by-pid')
const { command, integer } = require('./command')
const { bytes, percent, visible } = require('./table')
const { UsageError } = require('./usage-error')

const MOST_SECONDS = 86_400

const OPTIONS = {
  seconds: { type: 'string' },
  interval: { type: 'string' },
  format: { type: 'string' },
  output: { type: 'string', short: 'o' },
  dir: { type: 'string' },
  'source-maps': { type: 'string', multiple: true }
}

/** What the usage says of them. */
const optionsUsage = (own, interval) => `Options:
  --seconds N         how long (10)
  --interval N        ${interval}
  --format FORMAT     ${own} (the default), pprof, folded, speedscope or flamegraph
  -o, --output FILE   the file, whose name says the format and how it is packed; - is standard output
  --dir DIR           the directory of a file that gets its name from heapkit (HEAPKIT_DIR, or the current one)
  --source-maps DIR   name sources instead of scripts, by the maps in DIR; for formats other than ${own}
`

const USAGE_END = `  --json              what was made, as JSON
  -h, --help          this text
`

/**
 * Makes a command of { kind, usage, more, hottest, collect }: `more` are options besides those above, `hottest(row, share)` says who is first, and `collect(attached, { seconds, start, values, signal, onProgress })` answers V8's text.
 */
function liveProfile ({ kind, usage, more = {}, hottest, collect }) {
  const run = async ([pid], values, { output, stderr, control: { onProgress } }) => {
    const number = pidOf(pid, kind)
    const seconds = integer(values.seconds, 'seconds', 10, MOST_SECONDS)
    const start = options.start(kind, { sampleInterval: integer(values.interval, 'interval', undefined, 2 ** 31 - 1) })
    for (const name of ['dir', 'json']) if (values.output === '-' && values[name] !== undefined) throw new UsageError(`${kind}: --${name} goes with a file, and -o - makes none`)
    // A wrong one is told before anything is asked of the process.
    const wanted = (signal) => values.output === '-' ? streamed(kind, values, signal) : options.stop(kind, options.bare(place(values), maps(values), { signal }))
    wanted()
    const made = await withProcess(number, stderr, async (attached, signal) => {
      const subject = { pid: number, threadId: 0, nodeVersion: attached.nodeVersion }
      return await recordForeign(kind, subject, wanted(signal), start, () => collect(attached, { seconds, start, values, signal, onProgress }))
    })
    if (typeof made === 'number') return made
    const { artifact: { pauseMs, ...artifact }, chunks } = made
    if (chunks) return output.bytes(chunks)
    if (values.json) return output.json(artifact)
    output.write(`${visible(artifact.path)}  ${bytes(artifact.bytes)}\n${await first(artifact, hottest)}`)
  }
  return command({ usage, options: { ...OPTIONS, ...more }, reads: false, run })
}

function streamed (kind, values, signal) {
  return options.stopToStream(kind, options.bare(maps(values), { signal }), { format: options.format(kind, values.format) })
}

function maps ({ 'source-maps': sourceMaps }) {
  return { sourceMaps }
}

/** Where the file is to be. */
function place ({ output: file, dir, format }) {
  return { file, dir, format }
}

/** Who is first, where the file can be read back. */
async function first ({ path, format }, hottest) {
  if (!['cpuprofile', 'heapprofile', 'pprof'].includes(format)) return ''
  const profile = await openProfile(path)
  try {
    const { rows: [row], shown } = await profile.top({ top: 1, ignore: '^\\((idle|program|root)\\)$' })
    return row === undefined ? 'No sample is of a function\n' : `${hottest(`${visible(row.name)} ${visible(row.place ?? '')}`.trimEnd(), row.flat, percent(row.flat / (shown || 1)))}; \`heapkit top\` has the rest\n`
  } finally {
    profile.close()
  }
}

module.exports = { liveProfile, optionsUsage, USAGE_END }
