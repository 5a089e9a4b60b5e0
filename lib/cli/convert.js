'use strict'

// heapkit convert IN OUT: a profile in another format, which the name of OUT says.

const { writeFile } = require('../copies')
const { ENDINGS } = require('../options/formats')
const { openProfile } = require('../profile')
const { command, PROFILE_USAGE, namedOutput, sourceMaps, withMaps } = require('./command')
const { UsageError } = require('./usage-error')
const { bytes, visible } = require('./table')

/** Endings of names, and what they mean. */
const NAMES = [
  [['.pb.gz', '.pprof', '.pprof.gz'], 'pprof'],
  [ENDINGS.folded, 'folded'],
  [ENDINGS.speedscope, 'speedscope'],
  [ENDINGS.flamegraph, 'flamegraph']
]

const usage = `Usage: heapkit convert IN OUT [--value TYPE] [--source-maps DIR]… [--force] [--json]

A .cpuprofile, a .heapprofile or a pprof file in another format, which the name of OUT says:
${NAMES.map(([names, format]) => `  ${names.join(', ').padEnd(28)}  ${format}`).join('\n')}
OUT is never another file's place, and is there whole or not at all.

Options:
  --value TYPE     which values, where the format has room for one, or those that a flame graph shows first: cpu, wall, samples, inuse_space, …
${PROFILE_USAGE}`

const options = { value: { type: 'string' } }

async function run ([from, to], { value, json }, { output, control }) {
  const format = formatOf(namedOutput('convert', to))
  const profile = await openProfile(from, control)
  const data = await profile.convert(format, value === undefined ? {} : { value })
  profile.close()
  const { path, bytes: size } = await writeFile(to, data)
  if (json) return output.json(withMaps({ path, bytes: size, format }, profile))
  output.write(`${visible(path)}  ${format}, ${bytes(size)}\n${sourceMaps(profile.sourceMaps, output.width)}`)
}

function formatOf (name) {
  const found = NAMES.find(([endings]) => endings.some((ending) => name.endsWith(ending)))
  if (found === undefined) throw new UsageError(`convert: the name of OUT must end in ${NAMES.flatMap(([endings]) => endings).join(', ')}; got ${JSON.stringify(name)}`)
  return found[1]
}

module.exports = command({ usage, options, reads: 'profile', run })
