'use strict'

// Which system calls succeed in a forked child after its filter was installed, as strace sees them.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')

const TABLE = path.join(__dirname, '..', 'src', 'fork', 'filter.rs')
// What the filter lets through always, or only about memory, waits and advice of this process alone.
const ALLOWED = new Set([...fs.readFileSync(TABLE, 'utf8').matchAll(/\(libc::SYS_(\w+), When::(\w+)\)/g)]
  .filter(([, , when]) => !['EndsItself', 'OfItsEnd'].includes(when))
  .map(([, call]) => call))
// What it lets through only as the way in which a process ends by its own fault.
const OWN_END = /^(?:rt_sigaction\((?:SIGABRT|SIGSEGV),|tgkill\((\d+), \1, (?:SIGABRT|SIGSEGV)\))/

const CHILD = /prctl\(PR_SET_NAME, "heapkit-child"/
const FILTER = /(?:seccomp\(SECCOMP_SET_MODE_FILTER|prctl\(PR_SET_SECCOMP, SECCOMP_MODE_FILTER).* = \d/

/** Calls `run` with the beginning of a command line; answers { children, texts }: how many were seen, and what is not as it should be. */
function straced (run) {
  if (spawnSync('strace', ['--version']).status !== 0) throw new Error('strace is not installed')
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-strace-'))
  try {
    // One file a process, named by its id.
    run(['strace', '-ff', '-qq', '-s', '80', '-o', path.join(dir, 'trace')])
    const traces = fs.readdirSync(dir).map((name) => childOf(path.join(dir, name))).filter((trace) => trace !== undefined)
    if (traces.length === 0) return { children: 0, texts: ['strace saw no child'] }
    const texts = []
    const bare = traces.filter(({ isFiltered }) => !isFiltered).length
    if (bare > 0) texts.push(`${bare} of ${traces.length} children had no filter; all that they did once they were named is counted`)
    const seen = new Map()
    for (const { calls } of traces) for (const [call, { count, line }] of calls) seen.set(call, { count: (seen.get(call)?.count ?? 0) + count, line })
    for (const [call, { count, line }] of seen) texts.push(`${call} succeeded ${count} times, as in ${line}`)
    return { children: traces.length, texts }
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

/** { isFiltered, calls } of the process of a trace, or undefined if it is no child of heapkit's. */
function childOf (file) {
  const text = fs.readFileSync(file, 'utf8')
  if (!CHILD.test(text)) return undefined
  const lines = text.split('\n')
  // There may be several; the last one closes the door.
  const filter = lines.findLastIndex((line) => FILTER.test(line))
  const start = filter >= 0 ? filter : lines.findIndex((line) => CHILD.test(line))
  const calls = new Map()
  for (let at = start + 1; at < lines.length; at++) {
    const line = lines[at]
    const match = /^(\w+)\(.* = (-?\w+)/.exec(line)
    if (!match || match[2].startsWith('-') || match[2] === '?' || ALLOWED.has(match[1]) || OWN_END.test(line)) continue
    // It was the end instead, and what looks like a result is none.
    if (/SIGSYS/.test(lines[at + 1])) continue
    const known = calls.get(match[1]) ?? { count: 0, line }
    known.count++
    calls.set(match[1], known)
  }
  return { isFiltered: filter >= 0, calls }
}

module.exports = { straced }
