'use strict'

// Every figure comes from a process of its own, so that no side inherits the other's heap, caches or compiled code.

const { fork } = require('node:child_process')

/** Runs `file` as a child with `task`; what it answers with `serve` is the result. */
async function runChild (file, task, execArgv) {
  const child = startChild(file, execArgv)
  try {
    return await child.ask(task)
  } finally {
    await child.ended
  }
}

/** A child that answers one message after another. */
function startChild (file, execArgv = [], execPath = process.execPath) {
  // Nothing of the caller's environment may change what is measured.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HEAPKIT_|NODE_OPTIONS$)/.test(name)))
  const child = fork(file, { execArgv, execPath, env })
  let waiting
  const settle = (answer) => {
    waiting?.(answer)
    waiting = undefined
  }
  const ended = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      settle({ error: `ended with ${signal ?? code}` })
      resolve()
    })
  })
  child.on('message', settle)
  child.on('error', (error) => settle({ error: error.message }))
  return {
    ended,
    pid: child.pid,
    kill: () => child.kill('SIGKILL'),
    async ask (message) {
      const { error, result } = await new Promise((resolve) => {
        waiting = resolve
        child.send(message)
      })
      if (error) throw new Error(`${file}: ${JSON.stringify(message)}: ${error}`)
      return result
    }
  }
}

/** In the child: does the one task it is sent, answers, and ends. */
function serve (work) {
  process.once('message', async (task) => {
    let answer
    try {
      answer = { result: await work(task) }
    } catch (error) {
      answer = { error: error.stack }
    }
    process.send(answer, () => process.exit())
  })
}

module.exports = { runChild, startChild, serve }
