'use strict'

// What runs heapkit: Node.js, or a runtime that says in process.version and process.release that it is Node.js. Bun says in process.versions.v8 that it has
// V8, too, and ends the process when an addon calls certain functions of libuv. So they are told by the names of their own.

const { HeapkitError, codes } = require('./errors')

/** By their names in process.versions. */
const OTHERS = { bun: 'Bun', deno: 'Deno', electron: 'Electron' }

/** { label, isNode, hasV8 } of a process with these versions. */
function identify (versions) {
  const other = Object.keys(OTHERS).find((key) => versions[key] !== undefined)
  return {
    label: other ? `${OTHERS[other]} ${versions[other]}` : `Node.js v${versions.node}`,
    isNode: other === undefined,
    hasV8: other !== 'bun'
  }
}

const runtime = identify(process.versions)

/** Throws where there is no V8 to capture anything of. */
function needV8 () {
  if (runtime.hasV8) return
  throw new HeapkitError(codes.UNSUPPORTED,
    `heapkit captures what V8 knows, and ${runtime.label} has another engine. Run the program in Node.js for that; ` +
    'snapshots that were taken there can be read in this process, too (openSnapshot, diffSnapshots, the command)')
}

module.exports = { runtime, identify, needV8 }
