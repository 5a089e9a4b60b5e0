'use strict'

// heapkit flame FILE [BASE] -o OUT.html: a profile as a page with its flame graph.

const { writeFile } = require('../copies')
const { openProfile } = require('../profile')
const { command, PROFILE_USAGE, namedOutput, sourceMaps, withMaps } = require('./command')
const { UsageError } = require('./usage-error')
const { bytes, visible } = require('./table')

const usage = `Usage: heapkit flame FILE [BASE] -o OUT.html [--value TYPE] [--source-maps DIR]… [--force] [--json]

The flame graph of a .cpuprofile, a .heapprofile or a pprof file as one page for a browser; it loads nothing. Zoom, search, callers
and callees of a function, by function, file or package. With BASE, an earlier profile, what grew since then is red, and what
shrank is blue; widths are those of FILE.

Options:
  -o, --output OUT.html
                   where the page goes; never over another file
  --value TYPE     which values are shown first: cpu, wall, samples, inuse_space, … (what the file wants to be seen first)
${PROFILE_USAGE}`

const options = { output: { type: 'string', short: 'o' }, value: { type: 'string' } }

async function run ([file, before], { output: to, value, json }, { output, control }) {
  if (!to) throw new UsageError('flame: name the page: -o OUT.html')
  namedOutput('flame', to)
  if (file === '-' && before === '-') throw new UsageError('flame: FILE and BASE may have standard input (`-`) once: it can be read only once')
  const profile = await openProfile(file, control)
  const base = before && await openProfile(before, control)
  const page = await profile.convert('flamegraph', { ...(value !== undefined && { value }), ...(base && { base }) })
  profile.close()
  base?.close()
  const { path: written, bytes: size } = await writeFile(to, page)
  if (json) return output.json(withMaps({ path: written, bytes: size }, profile))
  output.write(`${visible(written)}  ${bytes(size)}\n${sourceMaps(profile.sourceMaps, output.width)}`)
}

module.exports = command({ usage, options, reads: 'profile', run })
