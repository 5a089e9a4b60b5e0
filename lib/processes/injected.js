'use strict'

// What runs in another process: each function is handed over as its text (attach.js), so it may name nothing of this file. `require` is Node's there. It runs between two
// instructions of a service: it must be short, change nothing that it does not put back, and never throw where it can be helped.

function identity () {
  return [process.pid, process.version]
}

/** Not in a process that ends: it waits for its inspector already, and to be told to go then ends Node.js 22 with a fault. */
function closeInspector () {
  if (!process._exiting) require('node:inspector').close()
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
  } finally {
    for (const [index, name] of names.entries()) before[index] ? Object.defineProperty(Error, name, before[index]) : delete Error[name]
  }
  // The last of ours is the script that called this.
  return holder.stack.slice(1).map((site) => {
    const [file, line, column] = [site.getScriptNameOrSourceURL() ?? '', site.getLineNumber(), site.getColumnNumber()]
    const text = String(site)
    const place = text.lastIndexOf(' (')
    return { name: place === -1 ? '' : text.slice(0, place), file, line, column }
  })
}

module.exports = { identity, closeInspector, ownFrames }
