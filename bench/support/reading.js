'use strict'

// One reading of one snapshot is one process. It prints a line of JSON; that it ends without one, for whatever reason, is a result, too.

const { spawn } = require('node:child_process')
const path = require('node:path')
const { stripVTControlCharacters } = require('node:util')
const { lastLine } = require('./peers')

const CHILD = path.join(__dirname, 'reading-child.js')
// So that no side fails for want of a heap that the machine has.
const MAX_OLD_SPACE_MB = 12_000
const PATIENCE_MS = 20 * 60_000
// It stands in a cell of a table.
const MAX_MESSAGE = 100

/** `peer` is where the side is installed. Answers { seconds, peakRss, nodes, total } or { failed: 'why' }. */
function read (side, file, peer) {
  const [command, args] = side === 'v8-heap-parser'
    ? [peer, [file]]
    : [process.execPath, [`--max-old-space-size=${MAX_OLD_SPACE_MB}`, CHILD, side, file, ...(peer ? [peer] : [])]]
  return new Promise((resolve) => {
    // Nothing of the caller's environment may change what is measured.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(HEAPKIT_|NODE_OPTIONS$)/.test(name)))
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS, killSignal: 'SIGKILL' })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text) => { stdout += text })
    child.stderr.setEncoding('utf8').on('data', (text) => { stderr += text })
    child.on('error', (error) => resolve({ failed: error.message }))
    child.on('close', (code, signal) => resolve(code === 0 ? answerIn(stdout) : { failed: reason(code, signal, stderr, stdout) }))
  })
}

function answerIn (stdout) {
  try {
    return JSON.parse(lastLine(stdout))
  } catch {
    return { failed: `ended without an answer ${shown(stdout)}`.trim() }
  }
}

function reason (code, signal, stderr, stdout) {
  const fatal = /^FATAL ERROR: (.+)$/m.exec(stderr)
  if (fatal) return fatal[1]
  if (signal === 'SIGKILL') return 'killed: too little memory, or too slow'
  return shown(stderr) || shown(stdout) || `ended with ${signal ?? code}`
}

/** The last line of what it said, without colours and the like. */
function shown (output) {
  return lastLine(stripVTControlCharacters(output)).slice(0, MAX_MESSAGE)
}

module.exports = { read }
