'use strict'

// The command line: finds the command, prints help and version, and turns errors into exit codes: 0 done, 1 failed, 2 wrong
// usage, 3 where a command was asked to check something that does not hold.

const { version } = require('../../package.json')
const { nearest } = require('../options/nearest')
const { Output } = require('./output')
const { visible } = require('./table')
const { UsageError } = require('./usage-error')

// In the order of the help; loaded when they are needed.
const COMMANDS = {
  ps: ['the Node.js processes of this machine', () => require('./ps')],
  stack: ['what every thread of a process does now, also while it hangs', () => require('./stack')],
  snapshot: ['a heap snapshot of a process, which goes on meanwhile', () => require('./snapshot')],
  sampling: ['which functions of a process allocate what is alive', () => require('./sampling')],
  cpu: ['a CPU profile of a process, also while it hangs', () => require('./cpu')],
  detach: ['close the inspector of a process that was left open', () => require('./detach')],
  summary: ['what is in a snapshot: totals, constructors, largest objects, duplicated strings', () => require('./summary')],
  suspects: ['what retains a good part of a snapshot', () => require('./suspects')],
  retainers: ['who holds an object or the objects of a class', () => require('./retainers')],
  diff: ['what grew between snapshots, and who holds it; or between two profiles', () => require('./diff')],
  report: ['a page about a snapshot, or about what grew', () => require('./report')],
  redact: ['copy a snapshot without the contents of strings', () => require('./redact')],
  decompress: ['unpack a snapshot for tools that cannot', () => require('./decompress')],
  top: ['who takes the time, or the memory, in a profile', () => require('./top')],
  flame: ['a page with the flame graph of a profile, or of what grew', () => require('./flame')],
  convert: ['a profile as pprof, folded stacks, for speedscope or as a page', () => require('./convert')],
  list: ['list the artifacts in a directory, oldest first', () => require('./list')]
}

const USAGE = `heapkit ${version}: heap and CPU profiling inside production Node.js processes

Usage: heapkit COMMAND [options]

Commands:
${Object.entries(COMMANDS).map(([name, [summary]]) => `  ${name.padEnd(11)} ${summary}`).join('\n')}

Options:
  -h, --help     this text, or that of a command
  -v, --version  the version

Snapshots are .heapsnapshot files, profiles .cpuprofile, .heapprofile or pprof; plain, .gz or .zst. \`-\` is standard input.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a check found something.
`

/** What the arguments are called that the API has as options of another name. */
const ARGUMENTS = { path: 'FILE', paths: 'The files', target: '@ID|CLASS', dir: 'DIR', input: 'IN', output: 'OUT', sourceMaps: '--source-maps', file: '--output', base: 'The earlier profile' }

/** What the advice of the API says, and what the command line has for it. */
const ADVICE = [[' (`dir`, HEAPKIT_DIR)', ''], ['`memory: { force: true }`', '`--force`'], ['`minFreeBytes`', 'HEAPKIT_MIN_FREE_BYTES'], ["with mode 'inline'", 'with `--mode inline`']]

async function main (args, { stdout, stderr }) {
  const output = new Output(stdout)
  // What goes wrong with the place for errors can be told nowhere.
  stderr.on('error', () => {})
  const code = await run(args, { output, stderr })
  const failure = await output.end()
  // Whoever has closed a pipe, as `head` does, has what it wanted.
  if (failure === undefined || failure.code === 'EPIPE') return code
  stderr.write(`heapkit: standard output cannot be written: ${visible(failure.message)}\n`)
  return 1
}

/** Answers the exit code. */
async function run ([name, ...rest], { output, stderr }) {
  try {
    if (name === 'help' && rest.length > 0) return await command(rest[0]).run(['--help'], { output, stderr })
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      output.write(USAGE)
      return name === undefined ? 2 : 0
    }
    if (name === '--version' || name === '-v') {
      output.write(`${version}\n`)
      return 0
    }
    return await command(name).run(rest, { output, stderr })
  } catch (error) {
    const isOption = error.code === 'HEAPKIT_ERR_INVALID_OPTION' && !error.option.startsWith('HEAPKIT_')
    stderr.write(`heapkit: ${visible(advised(isOption ? asArgument(error) : error.message))}\n`)
    return isOption || error instanceof UsageError ? 2 : 1
  }
}

function command (name) {
  if (Object.hasOwn(COMMANDS, name)) return COMMANDS[name][1]()
  const meant = nearest(name, Object.keys(COMMANDS))
  throw new UsageError(`Unknown command ${JSON.stringify(name)}; ${meant === undefined ? '' : `did you mean \`${meant}\`? `}\`heapkit --help\` lists them`)
}

function advised (message) {
  return ADVICE.reduce((text, [api, shell]) => text.replaceAll(api, shell), message)
}

/** The command line's names of options. */
function asArgument ({ message, option }) {
  return message.replace(/^Option `[^`]*`/, ARGUMENTS[option] ?? `--${option.split('.').at(-1)}`)
}

module.exports = { main }
