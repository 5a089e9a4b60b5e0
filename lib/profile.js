'use strict'

// Sampled profiles that are read: openProfile(). Everything is worked out on threads of heapkit's own.

const path = require('node:path')
const { version } = require('../package.json')
const { HeapkitError, codes, invalidOption } = require('./errors')
const { flamePage } = require('./flame')
const { read, resolved, folders } = require('./heap')
const options = require('./options')
const { bare } = options

const NANOSECONDS_A_MS = 1e6

/** A profile in memory. */
class ProfileFile {
  #file
  #memory
  /** The name of the file that it was read from. */
  #name

  /** Use openProfile(). */
  constructor (file, name, memory) {
    this.#file = file
    this.#name = name
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
    if (wanted.format === 'flamegraph') return await this.#flamegraph(wanted, value)
    return await this.#ask(wanted, (file, reading) => file.write(reading, wanted.format, value, `heapkit ${version}`))
  }

  /** What grew since an earlier one. */
  async diff (base, given) {
    const wanted = options.profileDiff(given)
    const value = this.#place(wanted.value)
    const earlier = ProfileFile.#open(base)
    return await this.#ask(wanted, (file, reading) => file.diff(reading, earlier, wanted.by, value, wanted.top))
  }

  #flamegraph ({ base, title = this.#name, ...wanted }, value) {
    const earlier = base === undefined ? undefined : ProfileFile.#open(base)
    const page = flamePage({ title, base: base?.#name })
    return this.#ask(wanted, (file, reading) => file.flamegraph(reading, earlier, value, page))
  }

  /** The file of another profile, which somebody names as an earlier one. */
  static #open (base) {
    if (typeof base !== 'object' || base === null || !(#file in base)) throw invalidOption('base', 'must be a profile that openProfile() read', base)
    if (base.#file === undefined) throw new HeapkitError(codes.NOT_ACTIVE, 'The profile to compare with was closed; open it again with openProfile()')
    return base.#file
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
  const from = options.guarded('path', () => resolved(file, 'path'))
  const name = from === '-' ? 'standard input' : path.basename(from)
  return new ProfileFile(await read(wanted, (reading) => reading.openProfile(from, folders(wanted.sourceMaps))), name, wanted.memory)
}

module.exports = { openProfile }
