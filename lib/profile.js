'use strict'

// Sampled profiles that are read: openProfile(). Everything is worked out on threads of heapkit's own.

const { version } = require('../package.json')
const { HeapkitError, codes, invalidOption } = require('./errors')
const { read, resolved } = require('./heap')
const options = require('./options')
const { bare } = options

const NANOSECONDS_A_MS = 1e6

/** A profile in memory. */
class ProfileFile {
  #file
  #memory

  /** Use openProfile(). */
  constructor (file, memory) {
    this.#file = file
    this.#memory = memory
    const { timeNanos, durationNanos, ...about } = JSON.parse(file.about)
    Object.assign(this, about, {
      startedAt: timeNanos === 0 ? null : new Date(Math.round(timeNanos / NANOSECONDS_A_MS)).toISOString(),
      durationMs: durationNanos === 0 ? null : durationNanos / NANOSECONDS_A_MS
    })
  }

  /** Who has how much. */
  async top (given) {
    const wanted = options.profileTop(given)
    const value = this.#place(wanted.value)
    return await this.#ask(wanted, (file, reading) => file.table(reading, bare({ ...wanted, value })))
  }

  /** The bytes of a file in another format. */
  async convert (format, given) {
    const wanted = options.profileConvert(format, given)
    const value = this.#place(wanted.value)
    return await this.#ask(wanted, (file, reading) => file.write(reading, wanted.format, value, `heapkit ${version}`))
  }

  /** Gives its memory back. */
  close () {
    this.#file?.close()
    this.#file = undefined
  }

  #ask (wanted, question) {
    const file = this.#file
    if (file === undefined) throw new HeapkitError(codes.NOT_ACTIVE, 'This profile was closed; open it again with openProfile()')
    return read(bare({ memory: this.#memory }, wanted), (reading) => question(file, reading))
  }

  /** The place of a type of values. */
  #place (name = this.defaultType) {
    const names = this.types.map((type) => type.name)
    const place = names.indexOf(name)
    if (place === -1) throw invalidOption('value', `must be one of the profile's: ${names.map((one) => `'${one}'`).join(', ')}`, name)
    return place
  }
}
if (Symbol.dispose) ProfileFile.prototype[Symbol.dispose] = ProfileFile.prototype.close

/** Reads a profile: V8's `.cpuprofile` and `.heapprofile`, or pprof; plain, gzip or zstd. */
async function openProfile (file, given) {
  const wanted = options.profileReading(given)
  const path = options.guarded('path', () => resolved(file, 'path'))
  return new ProfileFile(await read(wanted, (reading) => reading.openProfile(path)), wanted.memory)
}

module.exports = { openProfile }
