'use strict'

// heapkit redact IN OUT: a copy without the contents of strings; heapkit redact --list-left FILE: what would stay.

const { copySnapshot, listLeft } = require('../copies')
const { redaction, redactionFor, salted } = require('../options')
const { command, COMMON_USAGE, integer, namedOutput } = require('./command')
const { interruptible } = require('./interrupt')
const { UsageError } = require('./usage-error')
const { table, bytes, count, short, visible } = require('./table')

const usage = `Usage: heapkit redact IN OUT [--strict] [--keep REGEXP]… [--extra REGEXP]… [--json]
       heapkit redact --list-left FILE [--top N] [--strict] [--keep REGEXP]… [--extra REGEXP]… [--json]

A copy in which the contents of strings are replaced, and so are names that are no identifiers or look like data. Names of
constructors, functions, variables and properties stay: look at what --list-left shows before you give the copy away. OUT
is packed if its name ends in .gz or .zst; it is never another file's place, and Ctrl-C leaves nothing behind.

Options:
  --strict        names stay only if a source that the program has loaded has them, or V8 itself
  --keep REGEXP   texts that stay, whatever they are; can be repeated
  --extra REGEXP  names to replace as well; can be repeated
  --list-left     write nothing; show the names that stay, the most suspicious first
  --top N         how many of them (100)
${COMMON_USAGE}`

const options = {
  strict: { type: 'boolean' },
  keep: { type: 'string', multiple: true },
  extra: { type: 'string', multiple: true },
  'list-left': { type: 'boolean' },
  top: { type: 'string' }
}

const WHY = {
  email: 'names that look like e-mail addresses',
  uuid: 'names that have a UUID',
  digits: 'names that have long runs of digits',
  address: 'names that have the address of a machine',
  token: 'names that look like tokens',
  located: 'URLs and absolute paths',
  noIdentifier: 'names that are no identifiers',
  notInSource: 'names that no source has (--strict)',
  dictionary: 'names that are keys of very large objects',
  weakMap: 'names that name values of WeakMaps',
  long: 'names that are too long for names',
  extra: 'names that match --extra'
}

async function run (files, { strict = false, keep = [], extra = [], 'list-left': listsLeft, top, json }, { output, control: { onProgress } }) {
  const rule = redactionFor(redaction({ strict, keep, extra }, 'redact'))
  if (listsLeft) return await showLeft(files, { rule: salted(rule, integer(top, 'top', 100)), json, onProgress, output })
  if (top !== undefined) throw new UsageError('redact: --top goes with --list-left')
  const [from, to] = files
  return await interruptible(async (signal) => {
    const written = await copySnapshot(from, namedOutput('redact', to), { rule: salted(rule), onProgress, signal })
    const report = JSON.parse(written.report)
    if (json) return output.json({ path: written.path, bytes: written.bytes, redacted: report })
    output.write(text(written, report))
  })
}

function text ({ path, bytes: size }, report) {
  const replaced = [['contents of strings', report.replacedContents], ...Object.entries(WHY).map(([key, why]) => [why, report.replacedKeys[key]])]
  const kept = [...Object.entries(report.keptNames), ['texts that match --keep', report.keptByPattern]]
  const rows = (entries) => entries.filter(([, number]) => number > 0).map(([what, number]) => [what, count(number)])
  return `${visible(path)}  ${bytes(size)}\n\n` + table(['REPLACED', 'STRINGS'], rows(replaced), ['STRINGS']) + '\n' +
    table(['LEFT, NAMES OF', 'STRINGS'], rows(kept), ['STRINGS'])
}

async function showLeft ([file], { rule, json, onProgress, output }) {
  // The reading of a stream does not.
  const alive = setInterval(() => {}, 2 ** 30)
  try {
    const { left, keptNames, strict } = await listLeft(file, { rule, onProgress })
    if (json) return output.json({ strict, keptNames, left })
    const rows = left.map(({ text, uses, inSource }) => [short(text, 80), uses.join(', '), inSource ? 'yes' : 'no'])
    output.write(table(['LEFT, MOST SUSPICIOUS FIRST', 'NAMES A', 'IN A SOURCE'], rows))
  } finally {
    clearInterval(alive)
  }
}

module.exports = command({ usage, options, reads: false, run })
