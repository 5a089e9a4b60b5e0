'use strict'

// heapkit cpu PID: a CPU profile of a process that nobody prepared.

const { recordForeign } = require('../captures/foreign')
const options = require('../options')
const { profileCpu } = require('../processes/cpu')
const { openProfile } = require('../profile')
const { command } = require('./command')
const { pidOf, withProcess } = require('./by-pid')
const { bytes, percent, visible } = require('./table')
const { UsageError } = require('./usage-error')

const usage = `Usage: heapkit cpu PID [--seconds N] [--interval MICROSECONDS] [--format FORMAT] [-o FILE|-] [--dir DIR]
                       [--source-maps DIR]… [--json]

A CPU profile of the main thread of a Node.js process, also while it hangs, and the function that took most of the time. The
process needs no preparation: Node's inspector is opened by SIGUSR1, asked, and closed again. Node.js says so on that
process's standard error. Ctrl-C gives it up. A process that ends meanwhile is not held up, and what there is of it is kept.

Options:
  --seconds N         how long (10)
  --interval N        a sample each N microseconds (1000)
  --format FORMAT     cpuprofile (the default), pprof, folded, speedscope or flamegraph
  -o, --output FILE   the file, whose name says the format and how it is packed; - is standard output
  --dir DIR           the directory of a file that gets its name from heapkit (HEAPKIT_DIR, or the current one)
  --source-maps DIR   name sources instead of scripts, by the maps in DIR; for formats other than cpuprofile
  --json              what was made, as JSON
  -h, --help          this text
`

const OPTIONS = {
  seconds: { type: 'string' },
  interval: { type: 'string' },
  format: { type: 'string' },
  output: { type: 'string', short: 'o' },
  dir: { type: 'string' },
  'source-maps': { type: 'string', multiple: true }
}

const MOST_SECONDS = 86_400

async function run ([pid], values, { output, stderr, control: { onProgress } }) {
  const number = pidOf(pid, 'cpu')
  const seconds = whole(values.seconds ?? '10', 'seconds', 1, MOST_SECONDS)
  const { sampleInterval } = options.start('cpu', values.interval === undefined ? {} : { sampleInterval: Number(values.interval) })
  const toOutput = values.output === '-'
  // A wrong one is told before anything is asked of the process.
  const wanted = (signal) => toOutput ? options.stopToStream('cpu', { ...maps(values), signal }, { format: values.format ?? 'cpuprofile' }) : options.stop('cpu', { ...place(values), signal })
  wanted()
  const made = await withProcess(number, stderr, async (attached, signal) => {
    const subject = { pid: number, threadId: 0, nodeVersion: attached.nodeVersion }
    return await recordForeign('cpu', subject, wanted(signal), { sampleInterval }, () => profileCpu(attached, { seconds, sampleInterval, signal, onProgress }))
  })
  if (typeof made === 'number') return made
  const { artifact, chunks } = made
  if (toOutput) return output.bytes(chunks)
  if (values.json) return output.json(artifact)
  output.write(`${visible(artifact.path)}  ${bytes(artifact.bytes)}\n${await hottest(artifact)}`)
}

const maps = ({ 'source-maps': sourceMaps }) => sourceMaps === undefined ? {} : { sourceMaps }

function place ({ output: file, dir, format, ...rest }) {
  return options.bare({ ...maps(rest), file, dir, format })
}

function whole (text, name, least, most) {
  if (!/^\d{1,6}$/.test(text) || Number(text) < least || Number(text) > most) throw new UsageError(`--${name} must be a number from ${least} to ${most}; got ${JSON.stringify(text)}`)
  return Number(text)
}

/** The function that took most of the time, where the file can be read back. */
async function hottest ({ path, format }) {
  if (!['cpuprofile', 'pprof'].includes(format)) return ''
  const profile = await openProfile(path)
  try {
    const { rows: [first], total } = await profile.top({ top: 1, ignore: '^\\((idle|program|root)\\)$' })
    return first === undefined ? 'No sample is of a function: the process waited for events\n' : `Hottest: ${visible(first.name)} ${visible(first.place ?? '')}, ${percent(first.flat / total)} of the time; \`heapkit top\` has the rest\n`
  } finally {
    profile.close()
  }
}

module.exports = command({ usage, options: OPTIONS, reads: false, run })
