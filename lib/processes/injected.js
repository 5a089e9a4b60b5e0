'use strict'

// What runs in another process: each function is handed over as its text (attach.js), so it may name nothing of this file. `require` is Node's there. It runs between two
// instructions of a service: it must be short, change nothing that it does not put back, and never throw where it can be helped. Globals are the program's, which may have replaced or removed them.

function identity () {
  const { pid, version } = require('node:process')
  return [pid, version]
}

/** Not in a process that ends: it waits for its inspector already, and to be told to go then ends Node.js 22 with a fault. */
function closeInspector () {
  if (!require('node:process')._exiting) require('node:inspector').close()
}

/** The frames that were interrupted, innermost first: [{ name, file, line, column }]. What the program may have put into Error is put back, and none of it runs. */
function ownFrames () {
  const names = ['stackTraceLimit', 'prepareStackTrace']
  const before = names.map((name) => Object.getOwnPropertyDescriptor(Error, name))
  const holder = {}
  try {
    for (const [name, value] of [['stackTraceLimit', 500], ['prepareStackTrace', (_, sites) => sites]]) Object.defineProperty(Error, name, { value, writable: true, configurable: true, enumerable: true })
    Error.captureStackTrace(holder, ownFrames)
    if (!Array.isArray(holder.stack)) return []
  } catch {
    // Error is frozen; then nobody has put anything into it, and the text has the first ten.
    return new Error().stack.split('\n').slice(3).map((text) => {
      const [, name = '', file = '', line = null, column = null] = /^ +at (?:(.*) \()?(.*?)(?::(\d+):(\d+))?\)?$/.exec(text) ?? []
      return { name, file, line: line && Number(line), column: column && Number(column) }
    })
  } finally {
    try {
      for (const [index, name] of names.entries()) before[index] ? Object.defineProperty(Error, name, before[index]) : delete Error[name]
    } catch {
      // It was not changed.
    }
  }
  // The last of ours is the script that called this.
  return holder.stack.slice(1).map((site) => {
    const [file, line, column] = [site.getScriptNameOrSourceURL() ?? '', site.getLineNumber(), site.getColumnNumber()]
    const text = String(site)
    const place = text.lastIndexOf(' (')
    return { name: place === -1 ? '' : text.slice(0, place), file, line, column }
  })
}

/** Settles when the event loop has turned. */
function turn () {
  const timers = require('node:timers')
  return new Promise((resolve) => timers.setImmediate(resolve, true))
}

/** Makes an object in a turn of its own, whose calls have turns of their own (attach.js). `require` is that of whoever calls. */
function holdInTurn (timers, make, ...values) {
  const inTurn = (work) => new Promise((resolve, reject) => {
    timers.setImmediate(() => {
      try {
        resolve(work())
      } catch (error) {
        reject(error)
      }
    })
  })
  return inTurn(() => Object.assign(make(...values), { inTurn, timers }))
}

/**
 * Loads heapkit: from `home`, the folder of whoever asks, or where the process cannot see that, the one that its own program has. Answers { heapkit }, or { error } with why not.
 */
function load (home) {
  try {
    const cwd = require('node:process').cwd()
    const beside = require('node:path').dirname(require.main?.filename ?? `${cwd}/.`)
    const found = require('node:fs').existsSync(home) ? home : require.resolve('heapkit', { paths: [beside, cwd] })
    return { heapkit: require(found) }
  } catch ({ code, message }) {
    return { error: { code, message } }
  }
}

/** `this` is what load() answered. Begins a snapshot of which next() hands out the bytes. */
function beginSnapshot (options) {
  try {
    this.stream = this.heapkit.createSnapshotStream(options)
    // What goes wrong, next() answers.
    this.stream.on('error', () => {})
    this.chunks = this.stream[Symbol.asyncIterator]()
    return {}
  } catch ({ code, message }) {
    return { error: { code, message } }
  }
}

/** { bytes } in base64, or { artifact } at the end, or { error }. */
async function next () {
  try {
    const { value, done } = await this.chunks.next()
    return done ? { artifact: this.stream.artifact } : { bytes: value.toString('base64') }
  } catch ({ code, message }) {
    return { error: { code, message } }
  }
}

function giveUp () {
  this.stream?.destroy()
}

/** Samples until endSampling(), but no longer than `mostMs`: nobody may come back for it. */
function beginSampling (options, mostMs) {
  try {
    this.timer = this.timers.setTimeout(() => this.session?._dispose(), mostMs).unref()
    this.session = this.heapkit.startSampling(options)
    return {}
  } catch ({ code, message }) {
    this.timers.clearTimeout(this.timer)
    return { error: { code, message } }
  }
}

/** { artifact, bytes }, or { error }. It samples no more afterwards. */
async function endSampling (options, as) {
  this.timers.clearTimeout(this.timer)
  try {
    const { artifact, chunks } = await this.session._captureToStream(options, as)
    return { artifact, bytes: Buffer.concat(chunks).toString('base64') }
  } catch ({ code, message }) {
    return { error: { code, message } }
  } finally {
    await this.session._dispose()
  }
}

function dropSampling () {
  this.timers.clearTimeout(this.timer)
  return this.session?._dispose()
}

module.exports = { holdInTurn, identity, closeInspector, ownFrames, turn, load, beginSnapshot, next, giveUp, beginSampling, endSampling, dropSampling }
