'use strict'

// One profile of all threads of the process: the main thread's own, and those of worker threads, which are started, read and stopped by commands to V8.

const { handled } = require('../promises')
const { workers, ask } = require('./workers')

const MAIN = 'main'

class ThreadProfiles {
  #commands
  /** By worker: a promise that is there when its profile has begun. */
  #begun = new Map()
  #onWorker = (sessionId) => this.#start(sessionId)

  /**
   * Begins in all workers, and in those that come later. `commands` are lists of [method, params]: { start, read, stop }, of which the first of `read` answers the profile; and
   * `mine`, where V8 has one such profile in a thread: a command that fails unless somebody has begun it, whose it then is.
   */
  constructor (commands) {
    this.#commands = commands
    const { alive, begun } = workers()
    begun.add(this.#onWorker)
    for (const sessionId of alive.keys()) this.#start(sessionId)
  }

  #start (sessionId) {
    const { start, mine } = this.#commands
    const begun = mine === undefined ? ask(sessionId, start) : this.#startFirst(sessionId, start, ask(sessionId, mine))
    handled(begun)
    this.#begun.set(sessionId, begun)
  }

  async #startFirst (sessionId, start, taken) {
    let isTaken = true
    try {
      await taken
    } catch {
      isTaken = false
    }
    if (isTaken) throw new Error('it has one of its own')
    return await ask(sessionId, start)
  }

  /** Reads all workers. Answers what together() takes. Those that end meanwhile, or do not answer, are missing. */
  async read () {
    const { alive } = workers()
    const others = { threads: [], missing: [] }
    const asked = [...this.#begun].filter(([sessionId]) => alive.has(sessionId)).map(async ([sessionId, begun]) => {
      const name = alive.get(sessionId)
      try {
        others.threads.push(`{"name":${JSON.stringify(name)},"answer":${await ask(sessionId, this.#commands.read, begun)}}`)
      } catch (error) {
        others.missing.push(JSON.stringify({ name, reason: error.message }))
      }
    })
    for (const one of asked) await one
    return others
  }

  /** Stops those that run, without waiting for them, and begins no more. */
  stop () {
    workers().begun.delete(this.#onWorker)
    for (const [sessionId, begun] of this.#begun) handled(ask(sessionId, this.#commands.stop, begun))
  }
}

/** The text that src/profile reads, of V8's text of this thread's profile, and what read() answered: { threads: [{ name, profile or answer }], missing: [{ name, reason }] }. */
function together (own, { threads, missing }) {
  const main = `{"name":${JSON.stringify(MAIN)},"profile":${own}}`
  return `{"threads":[${[main, ...threads].join()}],"missing":[${missing.join()}]}`
}

module.exports = { ThreadProfiles, together }
