'use strict'

// heapkit redact IN OUT: a copy without the contents of strings.

const { redact } = require('../options')
const { command, COMMON_USAGE } = require('./command')
const { copySnapshot } = require('./copy')
const { table, bytes, count } = require('./table')

const usage = `Usage: heapkit redact IN OUT [--keep REGEXP]… [--extra REGEXP]… [--json]

A copy in which the contents of strings are replaced, and so are keys that look like data. Names of constructors,
functions, variables and properties stay: look at the report before you give the copy away. OUT is packed if its name
ends in .gz or .zst.

Options:
  --keep REGEXP   texts that stay, whatever they are; can be repeated
  --extra REGEXP  names to replace as well; can be repeated
${COMMON_USAGE}`

const options = { keep: { type: 'string', multiple: true }, extra: { type: 'string', multiple: true } }

const WHY = {
  email: 'look like e-mail addresses',
  uuid: 'have a UUID',
  digits: 'have long runs of digits',
  address: 'have an IP address',
  token: 'look like tokens',
  dictionary: 'are keys of very large objects',
  weakMap: 'name values of WeakMaps',
  long: 'are too long for names',
  extra: 'match --extra'
}

async function run ([from, to], { keep = [], extra = [], json }, { output, control: { onProgress } }) {
  const rule = redact({ keep, extra }, 'redact')
  const written = await copySnapshot(from, to, { rule, onProgress })
  const report = JSON.parse(written.redacted)
  if (json) return output.json({ path: written.path, bytes: written.bytes, redacted: report })
  output.write(text(written, report))
}

function text ({ path, bytes: size }, report) {
  const replaced = [['contents of strings', report.replacedContents], ...Object.entries(WHY).map(([key, why]) => [`names that ${why}`, report.replacedKeys[key]])]
  const kept = [...Object.entries(report.keptNames), ['texts that match --keep', report.keptByPattern]]
  const rows = (entries) => entries.filter(([, number]) => number > 0).map(([what, number]) => [what, count(number)])
  return `${path}  ${bytes(size)}\n\n` + table(['REPLACED', 'STRINGS'], rows(replaced), ['STRINGS']) + '\n' +
    table(['LEFT, NAMES OF', 'STRINGS'], rows(kept), ['STRINGS'])
}

module.exports = command({ usage, options, reads: false, run })
