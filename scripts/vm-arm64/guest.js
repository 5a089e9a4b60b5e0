'use strict'

// The checks of vm-arm64.js, inside its machine: on each Node of its plan everything once (scripts/smoke.js), the tests, and cells of the stress matrix.
// Prints a line for each. A Node with musl runs in the root /musl.

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const readline = require('node:readline')
const { EXCEPTIONS } = require('./lists')

const HEAPKIT = path.join(__dirname, '..', '..')
const { nodes, parts, files, only, cells, trials } = JSON.parse(fs.readFileSync(path.join(HEAPKIT, 'plan.json'), 'utf8'))
const CHECKS = { smoke, tests, stress }
// What the sealed child is made of, in Rust.
const RUST_TESTS = 'fork::'

const met = new Set()
let ended = 0

async function main () {
  say(`Linux ${os.release()}, ${process.arch}, ${os.cpus().length} processors`)
  if (parts.includes('rust')) await rust()
  for (const node of nodes) {
    for (const part of parts.filter((part) => part in CHECKS)) await CHECKS[part](node)
  }
  const gone = EXCEPTIONS.filter((one) => parts.includes('tests') && !only && files.includes(one.file) && nodes.some((node) => isFor(one, node)) && !met.has(one))
  for (const { file, title } of gone) verdict(false, `vm-arm64/lists.js names a test that is not there: ${file}: ${title}`)
  say(`END ${ended}`)
}

async function rust () {
  const lines = []
  const { status, seconds } = await run({ root: '/', path: './rust-tests' }, [RUST_TESTS, '--test-threads=2'], (line) => lines.push(line))
  for (const line of lines) if (/ \.\.\. FAILED$/.test(line)) say(line)
  const summary = lines.find((line) => line.startsWith('test result:'))
  verdict(status === 0, `Rust tests of ${RUST_TESTS}: ${summary ?? `ended with ${status}`} (${seconds} s)${status === 0 ? '' : `: ${oneLine(lines.join('\n').slice(-3000))}`}`)
}

async function smoke (node) {
  const lines = []
  const { status, seconds, said } = await run(node, ['scripts/smoke.js'], (line) => lines.push(line))
  verdict(status === 0, `${node.name}: ${status === 0 ? lines.join(' ') : `smoke ended with ${status}: ${said}`} (${seconds} s)`)
}

async function tests (node) {
  let failed = 0
  // One file at a time: two would share one emulated processor, and its memory.
  const args = ['--test', '--test-concurrency=1', '--test-reporter=./scripts/vm-arm64/reporter.mjs', ...only ? [`--test-name-pattern=${only}`] : [], ...files.map((file) => path.join('__test__', file))]
  const { status, said } = await run(node, args, (line) => {
    const { file, name, ms, skip, error } = JSON.parse(line)
    const text = `${node.name}: ${file}: ${name} (${(ms / 1000).toFixed(1)} s)`
    const exception = EXCEPTIONS.find((one) => one.file === file && one.title === name && isFor(one, node))
    met.add(exception)
    if (exception) say(`except - ${text}: ${error ? 'failed' : 'held all the same'}: ${exception.reason}`)
    else if (skip) say(`skip - ${text}: ${skip}`)
    else verdict(!error, `${text}${error ? `: ${oneLine(error)}` : ''}`)
    if (error) failed++
  })
  if (status !== 0 && failed === 0) verdict(false, `${node.name}: the tests ended with ${status}: ${said}`)
}

async function stress (node) {
  const { status, said } = await run(node, ['scripts/vm-arm64/cells.js', String(trials), ...cells], (line) => {
    const { cell, missing, result } = JSON.parse(line)
    if (missing) return say(`skip - ${node.name}: stress: ${cell}: ${missing}`)
    const { trials: wanted, delivered, attempts, longestPause, effects, failures } = result
    const troubles = [...effects, ...failures]
    const text = `${node.name}: stress: ${cell}: ${delivered ?? 0} of ${wanted} delivered, ${attempts ?? '-'} attempts, pause ${longestPause?.toFixed(1) ?? '-'} ms`
    verdict(delivered === wanted && troubles.length === 0, `${text}${troubles.length > 0 ? `: ${oneLine(troubles.join(' | '))}` : ''}`)
  })
  if (status !== 0) verdict(false, `${node.name}: the stress ended with ${status}: ${said}`)
}

/** Runs a Node of the plan to its end; `onLine` gets what it prints, and the answer has the end of what it says to standard error. */
async function run ({ root, path: file }, args, onLine) {
  const began = performance.now()
  const command = ['/bin/chroot', root, '/bin/sh', '-c', 'cd /heapkit && exec "$@"', 'sh', file, ...args]
  const child = spawn(command[0], command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => { said = (said + text).slice(-2000) })
  const ended = new Promise((resolve, reject) => child.on('error', reject).on('close', (code, signal) => resolve(signal ?? code)))
  for await (const line of readline.createInterface({ input: child.stdout })) onLine(line)
  return { status: await ended, seconds: ((performance.now() - began) / 1000).toFixed(0), said: oneLine(said) }
}

function isFor ({ libc }, node) {
  return libc === undefined || libc === node.libc
}

function verdict (holds, text) {
  ended++
  say(`${holds ? 'ok' : 'not ok'} - ${text}`)
}

function oneLine (text) {
  return text.replaceAll(/\s*\n\s*/g, ' | ').slice(0, 3000)
}

function say (line) {
  fs.writeSync(1, `${line}\n`)
}

main()
