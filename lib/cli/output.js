'use strict'

// Standard output: whoever reads it may leave, and its disk may be full. Neither is a bug, so neither ends in a stack trace.

const { visible } = require('./table')

class Output {
  #stream
  #failure
  #pending = Promise.resolve()

  constructor (stream) {
    this.#stream = stream
    // Each write tells its own failure; without a listener the stream's event would end the process.
    stream.on('error', () => {})
  }

  /** How many columns a line may have; Infinity where no terminal shows it: what reads it then wants whole lines. */
  get width () { return this.#stream.isTTY ? this.#stream.columns : Infinity }

  /** Lines for people. A terminal gets no orders, whatever names a heap or a directory has. */
  write (text) { this.#write(text.split('\n').map(visible).join('\n')) }

  json (answer) { this.#write(JSON.stringify(answer, null, 2).replace(/[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, escape) + '\n') }

  /** What is for programs goes out as it is. */
  bytes (chunks) { for (const chunk of chunks) this.#write(chunk) }

  #write (text) {
    const written = new Promise((resolve) => this.#stream.write(text, (error) => {
      this.#failure ??= error ?? undefined
      resolve()
    }))
    this.#pending = Promise.all([this.#pending, written])
  }

  /** Resolves when all was written, with what went wrong, if anything did. */
  async end () {
    await this.#pending
    return this.#failure
  }
}

/** As JSON has it. */
function escape (char) {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

module.exports = { Output }
