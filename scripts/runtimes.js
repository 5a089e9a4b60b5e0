'use strict'

// npm run test:runtimes: heapkit in Bun and in Deno, which say that they are Node.js. What works there works, and all else is refused with
// HEAPKIT_ERR_UNSUPPORTED and the reason. Each act (scripts/runtimes/acts.js) has a process of its own, which must end by itself: nothing crashes, nothing hangs.
// The runtimes come as npm packages in exact versions into .matrix/. Electron's binary is in no package.

const { spawn } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const v8 = require('node:v8')
const { ACTS } = require('./runtimes/acts')
const { installPackage } = require('./packages')

const ROOT = path.join(__dirname, '..')
const COMMAND = path.join(ROOT, 'bin', 'heapkit.js')
const ACT = path.join(__dirname, 'runtimes', 'acts.js')
const TIMEOUT_MS = 60_000

/** `refuses` is what is refused, of ACTS; it and README's section on support say the same. */
const RUNTIMES = [
  {
    label: 'Bun 1.4.5',
    package: ['@oven/bun-linux-x64', '1.4.5'],
    file: 'bin/bun',
    run: [],
    refuses: [
      'snapshot', 'fork', 'redacted', 'stream', 'sampling', 'cpu', 'timeline', 'signal', 'signal: cpu', 'register', 'worker',
      'POST /snapshot', 'POST /cpu', 'POST /sampling', 'POST /timeline'
    ]
  },
  {
    label: 'Deno 2.9.6',
    package: ['@deno/linux-x64-glibc', '2.9.6'],
    file: 'deno',
    // All that heapkit needs: for the addon, its files, its variables, and what the handler listens on.
    run: ['run', '--quiet', '--no-prompt', '--allow-ffi', '--allow-read', '--allow-write', '--allow-env', '--allow-sys', '--allow-run', '--allow-net'],
    refuses: ['fork', 'sampling', 'cpu', 'timeline', 'signal: cpu', 'POST /cpu', 'POST /sampling', 'POST /timeline']
  }
]

/** What reads, as its command says it; `files` are a snapshot and where to write. */
const COMMANDS = [
  ['list', 'DIR'], ['summary', 'FILE'], ['suspects', 'FILE'], ['retainers', 'FILE', '@1'], ['diff', 'FILE', 'FILE'],
  ['report', 'FILE', '-o', 'DIR/report.html'], ['redact', 'FILE', 'DIR/redacted.heapsnapshot.gz'], ['decompress', 'DIR/redacted.heapsnapshot.gz', 'DIR/plain.heapsnapshot']
]

/** Runs a program to its end: { status, signal, stdout, stderr }. One that does not end is killed, and its signal tells. */
async function run (node, args, env) {
  const child = spawn(node, args, { cwd: os.tmpdir(), env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], timeout: TIMEOUT_MS, killSignal: 'SIGKILL' })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (bytes) => { stdout += bytes })
  child.stderr.on('data', (bytes) => { stderr += bytes })
  const [status, signal] = await once(child, 'close')
  return { status, signal, stdout, stderr }
}

/** What is wrong with how an act ended; undefined if nothing is. */
function wrong ({ status, signal, stdout, stderr }, label, isRefused) {
  if (status !== 0 || signal !== null || stderr !== '') return `it ended with ${signal ?? `status ${status}`}: ${stdout}${stderr}`
  const { code, message = '', value } = JSON.parse(stdout)
  if (!isRefused) return code === undefined && value !== undefined ? undefined : `${code}: ${message}`
  if (code !== 'HEAPKIT_ERR_UNSUPPORTED') return `it was to be refused: ${stdout}`
  // Which runtime, what is missing, what to do.
  if (!message.includes(label) || !/needs? |engine/.test(message) || !/Node\.js|inline/.test(message)) return `the reason is not told: ${message}`
}

/** Everything in one runtime; answers how many acts held, and what did not. */
async function check ({ label, package: [name, version], file, run: how, refuses }, dir) {
  const node = path.join(installPackage(name, version, process.versions.node), 'node_modules', name, file)
  const snapshot = path.join(dir, 'node.heapsnapshot')
  const failures = []
  let held = 0
  const note = (act, problem) => problem === undefined ? held++ : failures.push(`${label}: ${act}: ${problem.slice(0, 2000)}`)
  for (const act of Object.keys(ACTS)) {
    const isRegister = act === 'register'
    const preload = isRegister ? ['--preload', path.join(ROOT, 'lib', 'register.js')] : []
    const env = isRegister ? { HEAPKIT_SIGNAL: 'SIGUSR2', HEAPKIT_DIR: dir, NODE_NO_WARNINGS: '1' } : {}
    note(act, wrong(await run(node, [...how, ...preload, ACT, act, dir, snapshot], env), label, refuses.includes(act)))
  }
  for (const args of COMMANDS) {
    const { status, signal, stdout, stderr } = await run(node, [...how, COMMAND, ...args.map((arg) => arg.replace('FILE', snapshot).replace('DIR', dir))])
    note(`heapkit ${args[0]}`, status === 0 && stdout !== '' && stderr === '' ? undefined : `it ended with ${signal ?? `status ${status}`}: ${stdout}${stderr}`)
  }
  console.log(`runtimes: ${label}: ${held} held, of which ${refuses.length} were refused; ${failures.length} did not`)
  return failures
}

async function main () {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    console.log('runtimes: this is for Linux on x64; nothing was run')
    return
  }
  const failures = []
  for (const runtime of RUNTIMES) {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-runtimes-'))
    try {
      v8.writeHeapSnapshot(path.join(dir, 'node.heapsnapshot'))
      failures.push(...await check(runtime, dir))
    } finally {
      fs.rmSync(dir, { recursive: true, force: true })
    }
  }
  for (const failure of failures) console.error(failure)
  process.exitCode = failures.length === 0 ? 0 : 1
}

if (require.main === module) main()

module.exports = { RUNTIMES }
