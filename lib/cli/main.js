'use strict'

// The command line: finds the command, prints help and version, and turns errors into exit codes: 0 done, 1 failed, 2 wrong
// usage, 3 where a command was asked to check something that does not hold.

const { version } = require('../../package.json')
const { visible } = require('./table')
const { UsageError } = require('./usage-error')

// In the order of the help; loaded when they are needed.
const COMMANDS = {
  summary: ['what is in a snapshot: totals, constructors, largest objects, duplicated strings', () => require('./summary')],
  suspects: ['what retains a good part of a snapshot', () => require('./suspects')],
  retainers: ['who holds an object or the objects of a class', () => require('./retainers')],
  diff: ['what grew between two or more snapshots, and who holds it', () => require('./diff')],
  report: ['a page about a snapshot, or about what grew', () => require('./report')],
  redact: ['copy a snapshot without the contents of strings', () => require('./redact')],
  decompress: ['unpack a snapshot for tools that cannot', () => require('./decompress')],
  list: ['list the artifacts in a directory, oldest first', () => require('./list')]
}

const USAGE = `heapkit ${version}: heap and CPU profiling inside production Node.js processes

Usage: heapkit COMMAND [options]

Commands:
${Object.entries(COMMANDS).map(([name, [summary]]) => `  ${name.padEnd(11)} ${summary}`).join('\n')}

Options:
  -h, --help     this text, or that of a command
  -v, --version  the version

Snapshots are .heapsnapshot files, plain, .gz or .zst; \`-\` is standard input.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a check found something.
`

async function main (args, { stdout, stderr }) {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    stdout.write(USAGE)
    return name === undefined ? 2 : 0
  }
  if (name === '--version' || name === '-v') {
    stdout.write(`${version}\n`)
    return 0
  }
  try {
    if (!Object.hasOwn(COMMANDS, name)) throw new UsageError(`Unknown command ${JSON.stringify(name)}; \`heapkit --help\` lists them`)
    return await COMMANDS[name][1]().run(rest, { stdout, stderr })
  } catch (error) {
    if (error.code === 'EPIPE') return 0
    const usage = error instanceof UsageError || (error.code === 'HEAPKIT_ERR_INVALID_OPTION' && !error.option.startsWith('HEAPKIT_')) || error.code?.startsWith('ERR_PARSE_ARGS')
    stderr.write(`heapkit: ${visible(error.message)}\n`)
    return usage ? 2 : 1
  }
}

module.exports = { main }
