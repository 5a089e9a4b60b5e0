'use strict'

// node scripts/peers.js: profiles as others write them, small ones, into __test__/fixtures/peers, with the totals that others than heapkit find in them: `go tool pprof` in
// pprof files, plain sums in V8's. They are committed; this makes them anew. It needs Go (scripts/pprof.js installs it) and Chromium (scripts/browser.js).

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const zlib = require('node:zlib')
const { Browser } = require('../__test__/browser/chromium')

const OUT = path.join(__dirname, '..', '__test__', 'fixtures', 'peers')
const WORK = path.join(__dirname, 'peers')
/** No fixture is larger. */
const MOST_BYTES = 20_000

/** { type: total } of a pprof file, as Go's own tool has it: the samples of `-raw`. */
function totalsOfPprof (file, dir) {
  const raw = execFileSync('go', ['tool', 'pprof', '-raw', file], { env: { ...process.env, HOME: dir, PPROF_TMPDIR: dir, GOTOOLCHAIN: 'local', GOFLAGS: '' }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const [, head, body] = /^Samples:\n(.*)\n([^]*?)^Locations$/m.exec(raw)
  const types = head.trim().split(/\s+/).map((type) => type.replace('[dflt]', ''))
  const sums = types.map(() => 0)
  for (const [, values] of body.matchAll(/^ *((?:-?\d+ +)*-?\d+): /gm)) values.trim().split(/\s+/).forEach((value, at) => { sums[at] += Number(value) })
  return Object.fromEntries(types.map((type, at) => [type, sums[at]]))
}

/** Each sample lasts until the next, the last until the end; one that is idle takes no processor, and is not counted. */
function totalsOfCpu ({ nodes, samples, timeDeltas, startTime, endTime }) {
  const nameOf = new Map(nodes.map(({ id, callFrame }) => [id, callFrame.functionName]))
  let at = startTime
  const times = timeDeltas.map((delta) => (at += delta))
  let [count, cpu, wall] = [0, 0, 0]
  samples.forEach((id, index) => {
    const lasted = Math.max(0, (times[index + 1] ?? Math.max(endTime, at)) - times[index]) * 1000
    wall += lasted
    if (nameOf.get(id) === '(idle)') return
    count++
    cpu += lasted
  })
  return { 'samples/count': count, 'cpu/nanoseconds': cpu, 'wall/nanoseconds': wall }
}

function totalsOfHeap ({ head }) {
  const sizeOf = ({ selfSize, children }) => children.reduce((sum, child) => sum + sizeOf(child), selfSize)
  return { 'inuse_space/bytes': sizeOf(head) }
}

async function chrome () {
  const browser = await Browser.launch()
  try {
    const page = await browser.page()
    await page.send('Profiler.enable')
    await page.send('Profiler.setSamplingInterval', { interval: 10_000 })
    await page.send('Profiler.start')
    await page.send('Runtime.evaluate', { expression: fs.readFileSync(path.join(WORK, 'work.js'), 'utf8').match(/function burn[^]*?\n}\n/)[0] + 'burn(1e8)\n//# sourceURL=https://shop.example/work.js' })
    const { profile } = await page.send('Profiler.stop')
    return JSON.stringify(profile)
  } finally {
    await browser.close()
  }
}

/** What `node` leaves of a script with such an option. */
function byNode (script, kind, ...options) {
  const dir = path.dirname(script)
  execFileSync(process.execPath, [`--${kind}-prof`, `--${kind}-prof-dir=${dir}`, ...options, script])
  const [name] = fs.readdirSync(dir).filter((name) => name.endsWith(`.${kind}profile`))
  return fs.readFileSync(path.join(dir, name), 'utf8')
}

async function main () {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'peers-'))
  const totals = {}
  const keep = (name, bytes, own) => {
    if (bytes.length > MOST_BYTES) throw new Error(`${name} has ${bytes.length} bytes; at most ${MOST_BYTES} are committed`)
    fs.writeFileSync(path.join(OUT, name), bytes)
    totals[name] = own
  }
  try {
    const file = (name) => path.join(dir, name)
    const goEnv = { ...process.env, HOME: dir, GOTOOLCHAIN: 'local', GOFLAGS: '' }
    execFileSync('go', ['build', '-trimpath', '-o', file('work'), path.join(WORK, 'work.go')], { env: goEnv })
    execFileSync(file('work'), [file('go-cpu.pb.gz'), file('go-heap.pb.gz')])
    const script = file('work.js')
    fs.copyFileSync(path.join(WORK, 'work.js'), script)
    execFileSync(process.execPath, [script, 'datadog', require.resolve('@datadog/pprof'), file('datadog-time.pb.gz'), file('datadog-heap.pb.gz')])
    for (const name of ['go-cpu.pb.gz', 'go-heap.pb.gz', 'datadog-time.pb.gz', 'datadog-heap.pb.gz']) keep(name, fs.readFileSync(file(name)), totalsOfPprof(file(name), dir))
    for (const [name, text] of [['chrome.cpuprofile.gz', await chrome()], ['node.cpuprofile.gz', byNode(script, 'cpu', '--cpu-prof-interval=10000')]]) keep(name, zlib.gzipSync(text), totalsOfCpu(JSON.parse(text)))
    const heap = byNode(script, 'heap')
    keep('node.heapprofile.gz', zlib.gzipSync(heap), totalsOfHeap(JSON.parse(heap)))
    fs.writeFileSync(path.join(OUT, 'totals.json'), JSON.stringify(totals, null, 2) + '\n')
  } finally {
    // Go makes what it caches read-only.
    execFileSync('chmod', ['-R', 'u+w', dir])
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

main()
