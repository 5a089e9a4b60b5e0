'use strict'

// What Linux tells of any process that this user may see: files of /proc. A process may end at any moment; then its files are as if they had never been there.

const fs = require('node:fs')

/** The ids of all processes that this user may see, as texts. */
function pids () {
  try {
    return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    return []
  }
}

/** The text of /proc/PID/NAME, or undefined: there is no such process (any more), or this user may not see it. */
function read (pid, name) {
  try {
    return fs.readFileSync(`/proc/${pid}/${name}`, 'latin1')
  } catch {
    return undefined
  }
}

/** Where a link of it leads, such as `exe` or `ns/net`, or undefined. */
function link (pid, name) {
  try {
    return fs.readlinkSync(`/proc/${pid}/${name}`)
  } catch {
    return undefined
  }
}

/** The names in a directory of it; none where it cannot be read. */
function list (pid, name) {
  try {
    return fs.readdirSync(`/proc/${pid}/${name}`)
  } catch {
    return []
  }
}

/** The fields of /proc/PID/status, as texts; undefined where there is none. */
function status (pid) {
  const text = read(pid, 'status')
  return text && Object.fromEntries(text.split('\n').filter(Boolean).map((line) => {
    const at = line.indexOf(':')
    return [line.slice(0, at), line.slice(at + 1).trim()]
  }))
}

/**
 * The fields of /proc/PID/stat, by their numbers in proc_pid_stat(5), as texts: `stat(pid)[3]` is its state. The name, which may hold anything, is between
 * the first and the last parenthesis.
 */
function stat (pid, name = 'stat') {
  const text = read(pid, name)
  if (text === undefined) return undefined
  const [open, close] = [text.indexOf('('), text.lastIndexOf(')')]
  return [undefined, text.slice(0, open).trim(), text.slice(open + 1, close), ...text.slice(close + 2).trim().split(' ')]
}

/** Its command and arguments. */
function commandLine (pid) {
  const text = read(pid, 'cmdline')
  return text ? Buffer.from(text, 'latin1').toString().replace(/\0$/, '').split('\0') : []
}

module.exports = { pids, read, link, list, status, stat, commandLine }
