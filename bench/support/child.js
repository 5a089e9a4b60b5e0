'use strict'

// Every figure comes from a process of its own, so that no side inherits the other's heap, caches or compiled code.

const { fork } = require('node:child_process')

/** Runs `file` as a child with `task`; what it answers with `serve` is the result. */
function runChild (file, task, execArgv = []) {
  return new Promise((resolve, reject) => {
    // Nothing of the caller's environment may change what is measured.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HEAPKIT_|NODE_OPTIONS$)/.test(name)))
    const child = fork(file, { execArgv, env })
    let answer
    child.once('message', (message) => { answer = message })
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      if (answer && !answer.error) resolve(answer.result)
      else reject(new Error(`${JSON.stringify(task)}: ${answer?.error ?? `ended with ${signal ?? code}`}`))
    })
    child.send(task)
  })
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

module.exports = { runChild, serve }
