'use strict'

// heapkit snapshot PID: a heap snapshot of a process that nobody prepared.

const { receiveForeign } = require('../captures/foreign')
const options = require('../options')
const { snapshotOf } = require('../processes/heap')
const { pidOf, withProcess } = require('./by-pid')
const { command } = require('./command')
const { bytes, visible } = require('./table')
const { UsageError } = require('./usage-error')

const usage = `Usage: heapkit snapshot PID [-o FILE|-] [--dir DIR] [--mode auto|fork|inline] [--redact] [--strict] [--force] [--json]

A heap snapshot of a Node.js process, taken by a forked child of it, so that it goes on meanwhile. The process needs no
preparation, but its event loop must turn: Node's inspector is opened by SIGUSR1, heapkit is loaded into the process (and
stays, asleep), and the inspector is closed again. Node.js says so on that process's standard error. The file is
written here, not by the process. Ctrl-C gives it up.

Options:
  -o, --output FILE  the file, whose name says how it is packed (.gz, .zst); - is standard output
  --dir DIR          the directory of a file that gets its name from heapkit (HEAPKIT_DIR, or the current one)
  --mode MODE        auto (the default: fork on Linux), fork, or inline, which stops the process meanwhile
  --redact           without the contents of strings
  --strict           the same, and only names that a source has
  --force            take it although there seems to be too little memory for a child
  --json             what was made, as JSON
  -h, --help         this text
`

const OPTIONS = {
  output: { type: 'string', short: 'o' },
  dir: { type: 'string' },
  mode: { type: 'string' },
  redact: { type: 'boolean' },
  strict: { type: 'boolean' },
  force: { type: 'boolean' }
}

async function run ([pid], { output: file, dir, mode = 'auto', redact = false, strict = false, force = false, json }, { output, stderr, control: { onProgress } }) {
  const number = pidOf(pid, 'snapshot')
  for (const [name, value] of Object.entries({ dir, json })) if (file === '-' && value !== undefined) throw new UsageError(`snapshot: --${name} goes with a file, and -o - makes none`)
  const asked = { mode, redact: strict ? 'strict' : redact, memory: { force } }
  const to = file === '-' ? {} : options.bare({ file, dir })
  const { output: { compression, level } } = options.snapshot(options.bare(asked, to))
  const artifact = await withProcess(number, stderr, async (attached, signal) => {
    const take = (write) => snapshotOf(attached, { ...asked, compression, ...(compression !== 'none' && { level }) }, { signal, onProgress, write })
    if (file === '-') return await take((piece) => output.bytes([piece]))
    const subject = { pid: number, threadId: 0, nodeVersion: attached.nodeVersion }
    return await receiveForeign('snapshot', subject, options.snapshot(options.bare(to, { signal })), take)
  })
  if (typeof artifact === 'number') return artifact
  if (file === '-') return
  if (json) return output.json(artifact)
  output.write(`${visible(artifact.path)}  ${bytes(artifact.bytes)}, unpacked ${bytes(artifact.rawBytes)}\nThe process's JavaScript stood still for ${artifact.pauseMs.toFixed(1)} ms\n`)
}

module.exports = command({ usage, options: OPTIONS, reads: false, run })
