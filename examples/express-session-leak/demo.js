'use strict'

// npm run demo: an Express application that leaks, under load, looked into with heapkit while it serves.
//
//   node examples/express-session-leak/demo.js [DIRECTORY]

const { fork } = require('node:child_process')
const { randomBytes } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const { setTimeout: sleep } = require('node:timers/promises')
const { table, amount, bytes, percent } = require('../../lib/cli/table')
const { diffSnapshots, openProfile } = require('heapkit')
const { main } = require('../../lib/cli/main')
const { Load } = require('./load')
const { verify } = require('./verify')

// The generator shares two cores with the service: a rate that leaves both some air.
// It is stopped when the steps are done; the seconds are an upper bound for slow machines.
const LOAD = { connections: 20, rate: 1000, seconds: 600 }
const FILL_SECONDS = 8
const UNDISTURBED_SECONDS = 4

// One line for each thing to do while the service serves.
const STEPS = [
  { what: 'a heap snapshot', request: '/snapshot' },
  { what: 'a sampling heap profile of 4 s', request: '/sampling?seconds=4&sampleInterval=65536' },
  { what: 'a CPU profile of 3 s', request: '/cpu?seconds=3' },
  { what: 'an allocation timeline of 2 s', request: '/timeline?seconds=2' },
  { what: 'a second heap snapshot, to compare with the first', request: '/snapshot' }
]

async function demo () {
  const dir = directory(process.argv[2])
  const token = randomBytes(16).toString('hex')
  say('Starting the shop (Express, express-session with its MemoryStore) in a process of its own')
  const app = await startApp({ HEAPKIT_DIR: dir, HEAPKIT_TOKEN: token })
  try {
    const load = new Load(app.url, LOAD)
    say(`Under load from here on: ${LOAD.connections} connections, ${LOAD.rate} requests a second, none with a cookie`)
    await sleep(FILL_SECONDS * 1000)
    say(`${load.answered} requests, ${load.answered} sessions that will stay; measuring ${UNDISTURBED_SECONDS} s undisturbed`)
    const rows = [await undisturbed(load)]
    for (const { what, request } of STEPS) {
      say(`Taking ${what}: POST /debug/heapkit${request}`)
      rows.push(await capture(load, app.url, token, request))
    }
    const { requests, failed } = await load.stop()
    const { peakRss } = await app.stop()
    say(`The load is over: ${requests} requests, ${failed} failed; the shop's memory peaked at ${peakRss}`)
    if (failed > 0) throw new Error(`${failed} of ${requests} requests failed`)
    say('Unpacking and checking the files')
    const found = rows.filter(({ artifact }) => artifact).map(({ artifact }) => `  ${artifact.kind.padEnd(8)}  ${check(artifact)}`)
    report(dir, rows, found)
    await explain(rows.map(({ artifact }) => artifact).filter(Boolean))
    await compare(rows.map(({ artifact }) => artifact).filter((artifact) => artifact?.kind === 'snapshot'))
  } finally {
    app.kill()
  }
}

function directory (given) {
  if (given === undefined) return fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-demo-'))
  fs.mkdirSync(given, { recursive: true })
  return path.resolve(given)
}

async function startApp (env) {
  const child = fork(path.join(__dirname, 'app.js'), { env: { ...process.env, ...env } })
  const died = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`The shop ended (${signal ?? `exit code ${code}`})`)
  })
  died.catch(() => {})
  const [{ port }] = await Promise.race([once(child, 'message'), died])
  const kill = () => child.kill('SIGKILL')
  return {
    url: `http://127.0.0.1:${port}`,
    kill,
    async stop () {
      const peakRss = peakOf(child.pid)
      kill()
      await died.catch(() => {})
      return { peakRss }
    }
  }
}

/** Linux only: elsewhere it is not known. */
function peakOf (pid) {
  try {
    return bytes(Number(/VmHWM:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'latin1'))[1]) * 1024)
  } catch {
    return 'an unknown size'
  }
}

async function undisturbed (load) {
  const from = performance.now()
  await sleep(UNDISTURBED_SECONDS * 1000)
  return { worst: load.worst(from, performance.now()) }
}

async function capture (load, url, token, request) {
  const from = performance.now()
  const response = await fetch(`${url}/debug/heapkit${request}`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
  const artifact = await response.json()
  if (response.status !== 201) throw new Error(`POST ${request}: ${response.status} ${artifact.detail ?? ''}`)
  const to = performance.now()
  // Requests that were on their way by then belong to the capture, too.
  await sleep(500)
  return { artifact, worst: load.worst(from, to) }
}

function check (artifact) {
  try {
    return verify(artifact)
  } catch (cause) {
    throw new Error(`${artifact.path} is not right: ${cause.message}`, { cause })
  }
}

function report (dir, rows, found) {
  const cells = rows.map(({ artifact, worst }) => artifact
    ? [artifact.kind, path.basename(artifact.path), bytes(artifact.rawBytes), bytes(artifact.bytes), ms(artifact.pauseMs), ms(worst)]
    : ['(undisturbed)', '', '', '', '', ms(worst)])
  const head = ['KIND', 'FILE', 'RAW', 'ON DISK', 'PAUSE', 'WORST LATENCY']
  console.log(`
${table(head, cells, head.slice(2))}
PAUSE is how long heapkit kept the service's event loop, WORST LATENCY the longest that a client waited meanwhile.

What they show:
${found.join('\n')}

The files are in ${dir}
Chrome DevTools and VS Code open them unpacked (gunzip FILE): .heapsnapshot, .heapprofile and .heaptimeline in the Memory
panel ("Load profile"), .cpuprofile in the Performance panel.
`)
}

/** Who takes the time and who made what is alive, by the profiles, and a flame graph of each. */
async function explain (artifacts) {
  const of = (wanted) => artifacts.find(({ kind }) => kind === wanted).path
  const { cpu, sampling } = { cpu: await greatest(of('cpu')), sampling: await greatest(of('sampling')) }
  console.log(`The hottest function: ${cpu}\nThe greatest allocator of what is alive: ${sampling}\n\nFlame graphs, for a browser:`)
  for (const kind of ['cpu', 'sampling']) await main(['flame', of(kind), '-o', `${of(kind)}.html`], process)
  console.log()
}

/** The function that has most of its own: V8's, such as the garbage collector, have names in parentheses. */
async function greatest (file) {
  const profile = await openProfile(file)
  const { rows, total, unit } = await profile.top()
  profile.close()
  const found = rows.find(({ name, place }) => !name.startsWith('(') || place !== undefined)
  if (found === undefined) throw new Error(`${file} has no function`)
  return `${found.name} (${found.place ?? 'native'}), ${amount(found.flat, unit)} of its own, ${percent(found.flat / total)}`
}

/** The leak, by the two snapshots. */
async function compare (snapshots) {
  const files = snapshots.map(({ path: file }) => file)
  console.log(`What grew between the two snapshots (npx heapkit diff ${files.map((file) => path.basename(file)).join(' ')}):\n`)
  await main(['diff', ...files, '--top', '5'], process)
  const { paths: [leak] } = await diffSnapshots(files)
  if (!/^MemoryStore( \(express-session\))?\.sessions/.test(leak.heldBy)) throw new Error(`The leak is not what grew most: ${leak.heldBy}`)
  console.log(`\nThe leak: ${leak.countDelta.toLocaleString('en-US')} more ${leak.name} held by ${leak.heldBy}, ${bytes(leak.sizeDelta)}.`)
}

function ms (value) {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
}

function say (text) {
  console.log(`${performance.now().toFixed(0).padStart(6)} ms  ${text}`)
}

demo().catch((error) => {
  console.error(`The demo failed: ${error.message}`)
  // Not exitCode: the load may still be running.
  process.exit(1)
})
