'use strict'

// Options that Node.js got on its command line or in NODE_OPTIONS, and that no API tells of.

const os = require('node:os')

const DEFAULT_V8_POOL_SIZE = 4

/** The value of an option, `--name=value` or `--name value`; the last one counts, and the command line comes after NODE_OPTIONS. */
function nodeOption (name, { env = process.env, execArgv = process.execArgv } = {}) {
  const args = [...(env.NODE_OPTIONS ?? '').split(/\s+/), ...execArgv]
  let value
  args.forEach((arg, index) => {
    // Node.js takes underscores for dashes.
    const [given, ...rest] = arg.split('=')
    if (given.replace(/_/g, '-') !== name) return
    value = rest.length ? rest.join('=') : args[index + 1]
  })
  return value
}

/** How many threads V8 has for its jobs. With 0, or no number at all, Node.js takes one less than there are processors, and at least one. */
function v8PoolSize (from) {
  const given = nodeOption('--v8-pool-size', from)
  if (given === undefined) return DEFAULT_V8_POOL_SIZE
  const size = Number.parseInt(given, 10)
  return size > 0 ? Math.min(size, 2 ** 31 - 1) : Math.max(os.availableParallelism() - 1, 1)
}

module.exports = { nodeOption, v8PoolSize }
