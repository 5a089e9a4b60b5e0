'use strict'

// npm run test:by-pid-stress [-- --trials N --node 20,26 --cell loop,idle]: the commands about processes that nobody prepared (`stack`, `cpu`, `sampling`, `snapshot`), on processes in many states. Each trial
// is a process of its own, which must go on, or hang on, as before: with no thread, descriptor or port more, and nothing on its standard error but Node's own lines.

const { execFile, spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { parseArgs, promisify } = require('node:util')
const { choose, install } = require('./matrix')

const ROOT = path.join(__dirname, '..')
const FIXTURE = path.join(ROOT, '__test__/fixtures/by-pid.js')
const BIN = path.join(ROOT, 'bin/heapkit.js')
const SECONDS = '1'
const COMMANDS = {
  stack: { args: [], threads: 0 },
  cpu: { args: ['--seconds', SECONDS], threads: 0 },
  // heapkit stays loaded, with its alarms and its clock.
  sampling: { args: ['--seconds', SECONDS], threads: 2 },
  snapshot: { args: [], threads: 2 }
}
/** What hangs refuses what needs its event loop. */
const HANGS = ['loop', 'regexp']
const CELLS = ['idle', 'ticks', 'serves', 'allocates', 'leaks', 'workers', ...HANGS]
const REFUSED = /has not turned for 5 s: it is in/
const NODES_OWN = /^(Debugger (listening on|attached|ending on).*|For help, see: .*|)$/

const { values } = parseArgs({ options: { trials: { type: 'string', default: '10' }, node: { type: 'string', default: '20,22,24,26' }, cell: { type: 'string', default: CELLS.join() } } })

/** One process, asked once by one command. Answers { outcome, ms }. */
async function trial (node, cell, command, dir) {
  const { args, threads: more } = COMMANDS[command]
  const service = spawn(node, ['--inspect-port=0', FIXTURE, cell], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  service.stderr.setEncoding('utf8').on('data', (text) => { stderr += text })
  try {
    await new Promise((resolve, reject) => service.stdout.once('data', resolve) && service.once('exit', reject))
    await sleep(100)
    const before = facts(service.pid)
    const start = performance.now()
    const outcome = await ask([command, String(service.pid), ...args, ...(command === 'stack' ? [] : ['--dir', dir]), '--json'])
    const ms = performance.now() - start
    if (outcome !== 'delivered' && !(HANGS.includes(cell) && more > 0 && REFUSED.test(outcome))) return { outcome, ms }
    return { outcome: await changes(service, before, cell === 'workers' ? Infinity : more, () => stderr) ?? (outcome === 'delivered' ? outcome : 'refused'), ms }
  } finally {
    service.kill('SIGKILL')
    for (const name of fs.readdirSync(dir)) fs.rmSync(path.join(dir, name))
  }
}

async function ask (args) {
  try {
    JSON.parse((await promisify(execFile)(process.execPath, [BIN, ...args], { maxBuffer: 2 ** 28 })).stdout)
    return 'delivered'
  } catch ({ stderr, message }) {
    return (stderr || message).trim()
  }
}

function facts (pid) {
  const count = (name) => fs.readdirSync(`/proc/${pid}/${name}`).length
  return { threads: count('task'), descriptors: count('fd') }
}

/** What is not as it was, or undefined. Threads take a moment to end. */
async function changes (service, before, more, stderr) {
  let after
  for (let turn = 0; turn < 500; turn++) {
    if (service.exitCode !== null || service.signalCode !== null) return `the process ended: ${service.exitCode ?? service.signalCode}`
    after = facts(service.pid)
    // heapkit's addon has descriptors of its own.
    if (after.threads <= before.threads + more && (more > 0 || after.descriptors <= before.descriptors)) {
      const said = stderr().split('\n').find((line) => !NODES_OWN.test(line))
      return said && `it said: ${said}`
    }
    await sleep(10)
  }
  return `left: ${JSON.stringify(before)} became ${JSON.stringify(after)}`
}

async function main () {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-by-pid-'))
  let failed = 0
  try {
    for (const version of choose(values.node.split(','))) {
      const node = install(version)
      for (const cell of values.cell.split(',')) {
        for (const command of Object.keys(COMMANDS)) {
          const seen = []
          for (let round = 0; round < Number(values.trials); round++) seen.push(await trial(node, cell, command, dir))
          const of = (wanted) => seen.filter(({ outcome }) => outcome === wanted).length
          const others = seen.filter(({ outcome }) => outcome !== 'delivered' && outcome !== 'refused')
          failed += others.length
          const times = seen.map(({ ms }) => ms).sort((a, b) => a - b)
          console.log(`${others.length === 0 ? 'ok' : 'not ok'} - ${version}: ${cell}: ${command}: ${of('delivered')} delivered, ${of('refused')} refused with the reason, of ${seen.length}; median ${times[times.length >> 1].toFixed(0)} ms`)
          for (const { outcome } of others) console.log(`  ${outcome}`)
        }
      }
    }
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
  process.exitCode = failed > 0 ? 1 : 0
}

main()
