'use strict'

// The checks of vm-cgroup2.js, inside its machine: each starts a service, this same file with `service`, in a control group that was made for it,
// lets it take a forked snapshot, and prints one line. `note - ` lines say what was seen where nothing is promised.

const assert = require('node:assert/strict')
const { spawn, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { monitorEventLoopDelay } = require('node:perf_hooks')
const { setTimeout: sleep } = require('node:timers/promises')
const zlib = require('node:zlib')

const ROOT = '/sys/fs/cgroup'
const MIB = 2 ** 20
const HEAP_MB = 30
// For whole snapshots, which take long where the processor is emulated.
const SMALL_HEAP_MB = 10
// A service of this heap is about 50 MiB; a snapshot takes 200 and more on top.
const TIGHT_MIB = 160
const ROOMY_MIB = 800
const RESERVE_MIB = 64
const FILE_MIB = 40
const FORCE = { memory: { force: true } }

// What is checked

const checks = []
const check = (title, run) => checks.push({ title, run })

check('the kernel has one hierarchy, of version 2, with memory, cpu and pids', async () => {
  const controllers = read(`${ROOT}/cgroup.controllers`).trim().split(' ')
  for (const one of ['memory', 'cpu', 'pids']) assert.ok(controllers.includes(one), one)
  return `Linux ${os.release()}, Node ${process.version}, controllers: ${controllers.join(' ')}`
})

check('where it does not fit it is refused, with the group and the numbers', async () => {
  const dir = group('tight', { 'memory.max': TIGHT_MIB * MIB })
  const { results: [result], exit } = await start({ dir, groups: [dir] }).ended
  assert.deepEqual(exit, { code: 0, signal: null })
  refused(result, dir, TIGHT_MIB)
  noOutOfMemory(dir)
  record('plain', result)
  return result.message
})

check('pages of files that the kernel would drop first count as free', async () => {
  const dir = group('pages', { 'memory.max': TIGHT_MIB * MIB })
  fs.writeFileSync('/disk/file', Buffer.alloc(FILE_MIB * MIB, 1))
  spawnSync('sync')
  // The pages are whose who reads them next.
  fs.writeFileSync('/proc/sys/vm/drop_caches', '3')
  const { results: [result], exit } = await start({ dir, groups: [dir], reads: '/disk/file' }).ended
  assert.deepEqual(exit, { code: 0, signal: null })
  refused(result, dir, TIGHT_MIB)
  const used = Number(result.files[`${dir}/memory.current`]) / MIB
  const pages = Number(/^inactive_file (\d+)/m.exec(result.files[`${dir}/memory.stat`])[1]) / MIB
  const available = Number(/(\d+) MiB are available/.exec(result.message)[1])
  assert.ok(pages > FILE_MIB * 0.8, `inactive_file ${pages} MiB`)
  // The service has gone on between the two looks.
  assert.ok(Math.abs(available - (TIGHT_MIB - used + pages)) < 16, result.message)
  record('pages', result)
  return `memory.max ${TIGHT_MIB}, memory.current ${used.toFixed()}, inactive_file ${pages.toFixed()}: ${available} MiB are available`
})

check('a limit of the group above counts: refused', async () => {
  const above = group('above', { 'memory.max': TIGHT_MIB * MIB, 'cgroup.subtree_control': '+memory' })
  const dir = group('above/middle/leaf', {})
  const { results: [result], exit } = await start({ dir, groups: [dir, path.dirname(dir), above] }).ended
  assert.deepEqual(exit, { code: 0, signal: null })
  refused(result, above, TIGHT_MIB)
  record('nested', result)
  return result.message
})

check('in a namespace that shows the group as the root: refused', async () => {
  const dir = group('namespace', { 'memory.max': TIGHT_MIB * MIB })
  const { results: [result], exit } = await start({ dir, command: NAMESPACE, groups: [ROOT] }).ended
  assert.deepEqual(exit, { code: 0, signal: null })
  refused(result, ROOT, TIGHT_MIB)
  assert.equal(result.files['/proc/self/cgroup'], '0::/\n')
  record('namespace', result)
  return result.message
})

check('forced, the child is killed in time and the service lives', () => forced(group('forced', { 'memory.max': TIGHT_MIB * MIB })))

check('the same where the group dies as one (memory.oom.group)', () =>
  forced(group('as-one', { 'memory.max': TIGHT_MIB * MIB, 'memory.oom.group': 1 })))

check('a limit of the group above counts: forced, the child is killed in time', async () => {
  const above = group('above-forced', { 'memory.max': TIGHT_MIB * MIB, 'memory.oom.group': 1, 'cgroup.subtree_control': '+memory' })
  return forced(group('above-forced/leaf', {}), { limited: above })
})

check('in a namespace that shows the group as the root: forced, the child is killed in time', () =>
  forced(group('namespace-forced', { 'memory.max': TIGHT_MIB * MIB, 'memory.oom.group': 1 }), { command: NAMESPACE, named: ROOT }))

check('where nothing is kept in reserve the kernel takes the child first, and the service lives', async () => {
  const dir = group('no-reserve', { 'memory.max': TIGHT_MIB * MIB })
  const { results: [result], exit } = await start({ dir, options: { memory: { force: true, reserveBytes: 0 } } }).ended
  assert.deepEqual(exit, { code: 0, signal: null })
  assert.ok(['HEAPKIT_ERR_CHILD', 'HEAPKIT_ERR_MEMORY'].includes(result.code), JSON.stringify(result))
  return `${result.code}: ${result.message}; ${events(dir)}`
})

check('with room for it the snapshot is delivered, whole, by a child that is sealed', async () => {
  const dir = group('roomy', { 'memory.max': ROOMY_MIB * MIB })
  const run = start({ dir, megabytes: SMALL_HEAP_MB })
  const seal = await sealOf(run.child.pid)
  const { results: [result], exit } = await run.ended
  assert.deepEqual(exit, { code: 0, signal: null })
  assert.ok(result.artifact, result.message)
  const found = countHeld(result.artifact)
  assert.equal(found, result.held)
  assert.match(seal, /^Seccomp:\t2$/m)
  assert.match(seal, /^NoNewPrivs:\t1$/m)
  noOutOfMemory(dir)
  const sealed = seal.split('\n').filter((line) => /^(Name|NoNewPrivs|Seccomp)/.test(line)).join(', ').replaceAll('\t', ' ')
  return `${found} of ${result.held} objects in ${mib(result.artifact.rawBytes)} of text after ${result.artifact.durationMs.toFixed()} ms; peak ${peak(dir)} of ${ROOMY_MIB} MiB; ${result.pace}; ${sealed}`
})

check('the tests of the repository that are about control groups run here, none is skipped', async () => {
  const { stdout, exit } = await tests('control group|system refuses')
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)`, 'm').exec(stdout)?.[1])
  const ran = [...stdout.matchAll(/^ *ok \d+ - (.*)$/gm)].map(([, title]) => title).filter((title) => /control group|refuses are/.test(title))
  const skipped = ran.filter((title) => / # SKIP/.test(title) && /control group of|refuses are/.test(title))
  assert.equal(exit, 0, stdout.slice(-3000))
  assert.deepEqual(skipped, [])
  assert.equal(count('fail'), 0)
  assert.ok(ran.length >= 2, stdout.slice(-2000))
  return ran.join('; ')
})

// What is only looked at: heapkit promises nothing here.

const notes = []
const note = (title, run) => notes.push({ title, run })

note('memory.high of 100 MiB under a memory.max of 800', async () => {
  const dir = group('high', { 'memory.high': 100 * MIB, 'memory.max': ROOMY_MIB * MIB })
  const { results: [result], exit } = await start({ dir, options: { timeoutMs: 180_000 }, megabytes: SMALL_HEAP_MB }).ended
  return `${outcome(result)}; ${result?.pace}; service ${JSON.stringify(exit)}; peak ${peak(dir)} MiB; ${events(dir)}`
})

note('a quota of half a processor (cpu.max) and maxCpu: \'auto\'', async () => {
  const dir = group('quota', { 'memory.max': ROOMY_MIB * MIB, 'cpu.max': '50000 100000' })
  const { results: [result], exit } = await start({ dir, options: { maxCpu: 'auto', timeoutMs: 300_000 }, megabytes: SMALL_HEAP_MB }).ended
  const throttled = read(`${dir}/cpu.stat`).trim().split('\n').filter((line) => /^(usage_usec|nr_)/.test(line)).join(', ')
  return `${outcome(result)}; held back ${result?.artifact?.heldBackMs?.toFixed()} ms; ${result?.pace}; service ${JSON.stringify(exit)}; ${throttled}`
})

note('a namespace without a mount of its own (unshare -C): the mount shows the groups above', async () => {
  const dir = group('bare-namespace', { 'memory.max': TIGHT_MIB * MIB })
  const { results: [result], exit } = await start({ dir, command: ['/bin/unshare', '-C'] }).ended
  if (result) record('bare-namespace', result)
  return `${outcome(result)}; service ${JSON.stringify(exit)}; ${events(dir)}`
})

for (const asOne of [0, 1]) {
  note(`the limit is above the root of the namespace, memory.oom.group ${asOne}`, async () => {
    const above = group(`hidden-${asOne}`, { 'memory.max': TIGHT_MIB * MIB, 'memory.oom.group': asOne, 'cgroup.subtree_control': '+memory' })
    const dir = group(`hidden-${asOne}/leaf`, {})
    const { results: [result], exit } = await start({ dir, command: NAMESPACE }).ended
    return `${outcome(result)}; service ${JSON.stringify(exit)}; ${events(above)}`
  })
}

async function main () {
  let done = 0
  for (const { title, run } of checks.filter(chosen)) {
    const { passed, text } = await attempt(run)
    say(`${passed ? 'ok' : 'not ok'} - ${title}: ${text}`)
    done++
  }
  for (const { title, run } of notes.filter(chosen)) say(`note - ${title}: ${(await attempt(run)).text}`)
  say(`END ${done}`)
}

/** Those whose title matches heapkit.only=BASE64 of the kernel's command line; all, where that is missing. */
function chosen ({ title }) {
  const only = /heapkit\.only=(\S+)/.exec(read('/proc/cmdline'))?.[1]
  return only === undefined || new RegExp(Buffer.from(only, 'base64url').toString()).test(title)
}

async function attempt (run) {
  const started = performance.now()
  const took = () => `(${((performance.now() - started) / 1000).toFixed()} s)`
  try {
    return { passed: true, text: `${await run()} ${took()}` }
  } catch (error) {
    return { passed: false, text: `${error.message.replaceAll('\n', ' | ')} ${took()}` }
  }
}

// What the checks are made of

// By its path: BusyBox's shell would take its own, which knows no such namespace.
const NAMESPACE = ['/bin/unshare', '-C', '-m', 'sh', '-c', 'umount /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@"', 'sh']

function say (line) {
  fs.writeSync(1, `${line}\n`)
}

function read (file) {
  return fs.readFileSync(file, 'utf8')
}

const mib = (bytes) => `${Math.ceil(bytes / MIB)} MiB`
const peak = (dir) => Math.ceil(Number(read(`${dir}/memory.peak`)) / MIB)
const events = (dir) => `memory.events: ${read(`${dir}/memory.events`).trim().replaceAll('\n', ', ')}`

/** A new group, with what its files are to say; the groups above it pass the memory controller on. */
function group (name, files) {
  const dir = path.join(ROOT, name)
  const parts = name.split('/')
  for (let n = 1; n <= parts.length; n++) {
    const each = path.join(ROOT, ...parts.slice(0, n))
    fs.mkdirSync(each, { recursive: true })
    if (n < parts.length) fs.writeFileSync(path.join(each, 'cgroup.subtree_control'), '+memory')
  }
  for (const [file, text] of Object.entries(files)) fs.writeFileSync(path.join(dir, file), String(text))
  return dir
}

/** Starts a service in a group: { child, ended }, `ended` for { results, exit }. */
function start ({ dir, options = {}, command = [], megabytes = HEAP_MB, groups = [], reads }) {
  const enter = ['-c', `echo $$ > ${dir}/cgroup.procs && exec "$@"`, 'sh', ...command, process.execPath, __filename, 'service']
  const child = spawn('/bin/sh', [...enter, JSON.stringify({ options, megabytes, groups, reads })], { stdio: ['ignore', 'pipe', 'inherit'] })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text) => { stdout += text })
  const ended = new Promise((resolve) => child.on('close', (code, signal) => {
    resolve({ results: stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)), exit: { code, signal } })
  }))
  return { child, ended }
}

/** What /proc says of the forked child of `parent`, at the last look before it ended. */
async function sealOf (parent) {
  let seen = 'no child was seen'
  let gone = false
  while (!gone) {
    await sleep(200)
    gone = !fs.existsSync(`/proc/${parent}`) || (seen.startsWith('Name') && childrenOf(parent).length === 0)
    for (const pid of childrenOf(parent)) {
      try {
        const status = read(`/proc/${pid}/status`)
        // At its end it is a zombie, of which this much is still true.
        if (/^Name:\theapkit-child$/m.test(status)) seen = status
      } catch {}
    }
  }
  return seen
}

function childrenOf (parent) {
  try {
    return fs.readdirSync(`/proc/${parent}/task`).flatMap((id) => read(`/proc/${parent}/task/${id}/children`).split(' ').filter((pid) => pid !== ''))
  } catch {
    return []
  }
}

function outcome ({ artifact, code, message } = {}) {
  if (artifact) return `delivered after ${Math.round(artifact.durationMs)} ms`
  return code ? `${code}: ${message}` : 'no result'
}

function refused ({ code, message }, dir, limit) {
  assert.equal(code, 'HEAPKIT_ERR_MEMORY', message)
  assert.match(message, /needs (?:about|at least|more than) \d+ MiB/)
  assert.match(message, new RegExp(`\\d+ MiB are available of the ${limit} MiB that the control group ${dir}/? allows`))
}

function noOutOfMemory (dir) {
  const text = read(`${dir}/memory.events`)
  assert.match(text, /^oom 0$/m, text)
  assert.match(text, /^oom_kill 0$/m, text)
}

/** A snapshot that does not fit, forced: the service lives, its group never came to its limit. `limited` has the limit, the message calls it `named`. */
async function forced (dir, { limited = dir, named = limited, command } = {}) {
  const { results: [result], exit } = await start({ dir, command, options: FORCE }).ended
  assert.deepEqual(exit, { code: 0, signal: null })
  assert.equal(result.code, 'HEAPKIT_ERR_MEMORY', outcome(result))
  assert.match(result.message, new RegExp(`only \\d+ MiB were left of the ${TIGHT_MIB} MiB that the control group ${named}/? allows`))
  noOutOfMemory(limited)
  assert.match(read(`${limited}/memory.events`), /^max 0$/m)
  // What the child takes between two looks comes out of the reserve; most of it was never touched.
  assert.ok(peak(limited) <= TIGHT_MIB - RESERVE_MIB / 2, `peak ${peak(limited)} MiB`)
  return `${/only \d+ MiB were left/.exec(result.message)[0]} of ${TIGHT_MIB}; peak ${peak(limited)} MiB, reserve ${RESERVE_MIB} MiB; ${events(limited)}; ${result.pace}`
}

/** Prints the files that heapkit looks at, as a service saw them, for whoever keeps them. */
function record (name, { files }) {
  for (const [file, text] of Object.entries(files)) say(`RECORD ${name}${file} ${JSON.stringify(text)}`)
}

/** Runs tests of the repository whose titles match. */
function tests (titles) {
  const args = ['--test', '--test-reporter=tap', `--test-name-pattern=${titles}`, '__test__/fork.test.js']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, TEST_PATIENCE: '20' } })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text) => { stdout += text })
  return new Promise((resolve) => child.on('close', (code) => resolve({ stdout, exit: code })))
}

/** A service with a heap of small objects that takes a snapshot, says what came of it, and shows that it still works. */
async function service ({ options, megabytes, groups, reads }) {
  const { takeSnapshot } = require('../..')
  class Held {
    constructor (index) {
      this.index = index
      this.parts = [{ index }]
    }
  }
  const held = globalThis.held = []
  while (process.memoryUsage().heapUsed < megabytes * 1e6) for (let n = 0; n < 1000; n++) held.push(new Held(held.length))
  if (reads) for await (const chunk of fs.createReadStream(reads)) assert.ok(chunk.length > 0)
  const names = ['memory.max', 'memory.high', 'memory.current', 'memory.stat']
  const looked = ['/proc/meminfo', '/proc/self/cgroup', '/proc/self/mountinfo', ...groups.flatMap((dir) => names.map((name) => path.join(dir, name)))]
  const files = Object.fromEntries(looked.map((file) => [file, read(file)]))
  const recent = []
  // As services do, it takes and touches memory all the time.
  const busy = setInterval(() => { recent[recent.length < 64 ? recent.length : Math.floor(Math.random() * 64)] = Buffer.alloc(64 * 1024, 1) }, 20)
  const delay = monitorEventLoopDelay({ resolution: 10 })
  await sleep(200)
  delay.enable()
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'snapshot-'))
  const result = await takeSnapshot({ dir, mode: 'fork', ...options }).then((artifact) => ({ artifact }), ({ code, message }) => ({ code, message }))
  delay.disable()
  const pace = `event loop: ${(delay.max / 1e6).toFixed()} ms at most, ${(delay.mean / 1e6).toFixed()} on average`
  const record = { ...result, pace, held: held.length, files }
  // It still works.
  await sleep(200)
  clearInterval(busy)
  fs.writeSync(1, `${JSON.stringify(record)}\n`)
}

/** How many of the service's objects its snapshot holds; throws where it is not whole. */
function countHeld ({ path: file, compression }) {
  const { parseSnapshot, countObjects } = require('../../__test__/support')
  const packed = fs.readFileSync(file)
  assert.equal(compression, 'gzip')
  return countObjects(parseSnapshot(zlib.gunzipSync(packed).toString()), 'Held')
}

if (process.argv[2] === 'service') service(JSON.parse(process.argv[3]))
else main()
