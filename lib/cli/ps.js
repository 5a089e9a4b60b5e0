'use strict'

// heapkit ps: the Node.js processes of this machine.

const fs = require('node:fs')
const path = require('node:path')
const { NODE, nodeProcesses } = require('../processes/list')
const { command } = require('./command')
const { table, bytes, ending, short } = require('./table')

const usage = `Usage: heapkit ps [--json]

The Node.js processes of this machine that you may see, the largest first; on Linux. CPU is how much of one core each has used in the
200 ms that the command takes, LIMIT the smallest memory limit of its control groups, HEAPKIT whether it has heapkit loaded.
What a heap holds cannot be seen from outside.

Options:
  --json      one JSON array of { pid, containerPid, uid, threads, ageMs, cpuShare, rssBytes, limitBytes, heapkit, node, command };
              null is what there is not, or what you may not see
  -h, --help  this text
`

/** COMMAND has this much room, before others are left out. */
const COMMAND_WIDTH = 24
const LEAST_TELLING = ['THREADS', 'AGE', 'USER']

const COLUMNS = {
  PID: ({ pid }) => String(pid),
  USER: ({ uid }, users) => users.get(String(uid)) ?? String(uid),
  THREADS: ({ threads }) => String(threads),
  AGE: ({ ageMs }) => age(ageMs),
  CPU: ({ cpuShare }) => `${Math.round(cpuShare * 100)} %`,
  RSS: ({ rssBytes }) => bytes(rssBytes),
  LIMIT: ({ limitBytes }) => limitBytes === null ? '-' : bytes(limitBytes),
  HEAPKIT: ({ heapkit }) => heapkit ? 'yes' : '-',
  COMMAND: commandText
}

async function run (_, { json }, { output }) {
  const processes = await nodeProcesses()
  if (json) return output.json(processes)
  if (processes.length === 0) return output.write('No Node.js processes that this user may see\n')
  const isOneUsers = new Set(processes.map(({ uid }) => uid)).size === 1
  const titles = Object.keys(COLUMNS).filter((title) => title !== 'USER' || !isOneUsers)
  const users = isOneUsers ? undefined : userNames()
  output.write(table(titles, processes.map((one) => titles.map((title) => COLUMNS[title](one, users))), ['PID', 'THREADS', 'AGE', 'CPU', 'RSS', 'LIMIT'],
    { width: output.width, cut: { COMMAND: fitted }, least: COMMAND_WIDTH, drop: LEAST_TELLING }))
}

/** The script and its arguments; Node.js itself is in every line. */
function commandText ({ command: [first = '', ...others], node }) {
  const name = path.basename(first)
  if (others.length > 0) return (NODE.test(name) ? others : [first, ...others]).join(' ')
  return (NODE.test(name) ? name : first) || path.basename(node ?? 'node')
}

/** Of a long line options of Node.js go first, then the script's directories, until it has half of the room, and then the end. */
function fitted (line, width) {
  const text = line.replace(/^(--[\w-]+=\S+ )+/, '… ')
  const [, before, script] = /^(… |)(\S*)/.exec(text)
  const room = Math.max(Math.floor(width / 2), script.length - (text.length - width))
  return short(script.includes('/') ? before + ending(script, room) + text.slice(before.length + script.length) : text, width)
}

/** The two largest units: 3d 4h, 12m 5s. */
function age (ms) {
  const seconds = Math.floor(ms / 1000)
  const parts = [[86_400, Infinity, 'd'], [3600, 24, 'h'], [60, 60, 'm'], [1, 60, 's']].map(([size, of, unit]) => [Math.floor(seconds / size) % of, unit])
  const first = parts.findIndex(([number]) => number > 0)
  return parts.slice(first).slice(0, 2).map(([number, unit]) => `${number}${unit}`).join(' ')
}

/** By id, as /etc/passwd has them: of two with one id, the first counts. */
function userNames () {
  try {
    return new Map(fs.readFileSync('/etc/passwd', 'utf8').split('\n').map((line) => line.split(':')).map(([name, , uid]) => [uid, name]).reverse())
  } catch {
    return new Map()
  }
}

module.exports = command({ usage, reads: false, run })
