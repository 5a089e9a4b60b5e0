'use strict'

// One profile of all threads of the process: that of the main thread, and those of worker threads, which `begin` starts and `end` ends.

const { handled } = require('../promises')
const { workers, ask } = require('./workers')

const MAIN = 'main'

class ThreadProfiles {
  #begin
  /** By worker: a promise that is there when its profile has begun. */
  #begun = new Map()
  #onWorker = (sessionId) => this.#start(sessionId)

  /** `begin` are the commands that start a profile: [[method, params], …]. Those of workers that come later are started, too. */
  constructor (begin) {
    this.#begin = begin
    const { alive, begun } = workers()
    begun.add(this.#onWorker)
    for (const sessionId of alive.keys()) this.#start(sessionId)
  }

  #start (sessionId) {
    const begun = ask(sessionId, this.#begin)
    handled(begun)
    this.#begun.set(sessionId, begun)
  }

  /**
   * Has every worker answer `commands`, of which the first gives its profile. Answers the text that src/profile reads: { threads: [{ name, answer }], missing: [{ name, reason }] },
   * with `main`, the text of the main thread's profile. Those that end meanwhile, or do not answer, are missing.
   */
  async collect (main, commands) {
    const { alive } = workers()
    const threads = [`{"name":${JSON.stringify(MAIN)},"profile":${main}}`]
    const missing = []
    const asked = [...this.#begun].filter(([sessionId]) => alive.has(sessionId)).map(async ([sessionId, begun]) => {
      const name = alive.get(sessionId)
      try {
        threads.push(`{"name":${JSON.stringify(name)},"answer":${await ask(sessionId, commands, begun)}}`)
      } catch (error) {
        missing.push(JSON.stringify({ name, reason: error.message }))
      }
    })
    for (const one of asked) await one
    return `{"threads":[${threads.join()}],"missing":[${missing.join()}]}`
  }

  /** The same, and no more workers are started. */
  async collectLast (main, commands) {
    this.#close()
    return await this.collect(main, commands)
  }

  #close () {
    workers().begun.delete(this.#onWorker)
  }

  /** Stops those that run, and does not wait for them. */
  discard (commands) {
    this.#close()
    for (const [sessionId, begun] of this.#begun) handled(ask(sessionId, commands, begun))
  }
}

module.exports = { ThreadProfiles }
