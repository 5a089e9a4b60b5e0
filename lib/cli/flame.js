'use strict'

// heapkit flame FILE [BASE] -o OUT.html: a profile as a page with its flame graph.

const { writeFile } = require('../copies')
const { openProfile } = require('../profile')
const { command, COMMON_USAGE, namedOutput } = require('./command')
const { UsageError } = require('./usage-error')
const { bytes, visible } = require('./table')

const usage = `Usage: heapkit flame FILE [BASE] -o OUT.html [--value TYPE] [--force] [--json]

The flame graph of a .cpuprofile, a .heapprofile or a pprof file as one page for a browser; it loads nothing. Zoom, search, callers
and callees of a function, by function, file or package. With BASE, an earlier profile, what grew since then is red, and what
shrank is blue; widths are those of FILE.

Options:
  -o, --output OUT.html  where the page goes; never over another file
  --value TYPE           which values are shown first: cpu, wall, samples, inuse_space, … (what the file wants to be seen first)
  --force                read it although it needs more memory than there seems to be
${COMMON_USAGE}`

const options = { output: { type: 'string', short: 'o' }, value: { type: 'string' }, force: { type: 'boolean' } }

async function run ([file, before], { output: to, value, force, json }, { output, control: { onProgress } }) {
  if (!to) throw new UsageError('flame: name the page: -o OUT.html')
  namedOutput('flame', to)
  if (file === '-' && before === '-') throw new UsageError('flame: FILE and BASE may have standard input (`-`) once: it can be read only once')
  const open = async (file) => await openProfile(file, { onProgress, memory: { force } })
  const profile = await open(file)
  const base = before && await open(before)
  const page = await profile.convert('flamegraph', { ...(value !== undefined && { value }), ...(base && { base }) })
  profile.close()
  base?.close()
  const { path: written, bytes: size } = await writeFile(to, page)
  if (json) return output.json({ path: written, bytes: size })
  output.write(`${visible(written)}  ${bytes(size)}\n`)
}

module.exports = command({ usage, options, reads: false, run })
