'use strict'

// The command line: finds the command, prints help and version, turns errors into exit codes (0 done, 1 failed, 2 wrong
// usage).

const { version } = require('../../package.json')
const { UsageError } = require('./usage-error')

const COMMANDS = {
  list: require('./list')
}

const USAGE = `heapkit ${version}: heap and CPU profiling inside production Node.js processes

Usage: heapkit COMMAND [options]

Commands:
${Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`).join('\n')}

Options:
  -h, --help     this text, or that of a command
  -v, --version  the version
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
    return await COMMANDS[name].run(rest, { stdout, stderr })
  } catch (error) {
    const usage = error instanceof UsageError || error.code?.startsWith('ERR_PARSE_ARGS')
    stderr.write(`heapkit: ${error.message}\n`)
    return usage ? 2 : 1
  }
}

module.exports = { main }
