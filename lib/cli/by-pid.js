'use strict'

// What the commands about another process share: its number, that it is left as it was whatever happens, and Ctrl-C.

const { attach } = require('../processes/attach')
const { stillOpen } = require('../processes/attached')
const { interruptible } = require('./interrupt')
const { UsageError } = require('./usage-error')

/** The number of a process. */
function pidOf (text, command) {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw new UsageError(`${command}: PID must be the number of a process; got ${JSON.stringify(text)}. \`heapkit ps\` lists them`)
  return Number(text)
}

/** A command that only sleeps (Ctrl-Z) would hold the process up when that ends. */
const ENDED_BY = { SIGTSTP: 148 }

/** Does `work(attached, signal)` with a process, and leaves it as it was. */
async function withProcess (pid, stderr, work, how) {
  return await interruptible(async (signal) => {
    const attached = await attach(pid, how)
    try {
      return await work(attached, signal)
    } finally {
      if (!await attached.detach()) stderr.write(`heapkit: ${stillOpen(pid)}\n`)
    }
  }, ENDED_BY)
}

module.exports = { pidOf, withProcess }
