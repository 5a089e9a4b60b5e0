'use strict'

// npm run test:pprof: Go's own `go tool pprof` reads a service under load over HTTP, with the token as password: every view, on every endpoint. What it adds up is what V8
// itself said at that reading, to the byte and the nanosecond. Where there is no Go, Debian's is installed, if it may be; without Graphviz there is no picture.

const assert = require('node:assert/strict')
const { execFileSync, spawn, spawnSync } = require('node:child_process')
const { once } = require('node:events')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { which, install } = require('./apt')

const SERVICE = path.join(__dirname, 'pprof', 'service.js')
const TOKEN = 'pass-word.of~the_test'
const SECONDS = 2

/** What each endpoint is called by pprof, and a function that it must name. */
const ENDPOINTS = [
  { name: 'heap', service: 'alive', type: 'inuse_space', unit: 'B', names: 'makeRows', total: ([profile]) => sizeOf(profile.head) },
  { name: `heap?seconds=${SECONDS}`, service: 'alive', type: 'inuse_space', unit: 'B', names: 'makeRows', total: ([first, last]) => sizeOf(last.head) - sizeOf(first.head) },
  { name: 'allocs', service: 'all', type: 'alloc_space', unit: 'B', names: 'makeRows', total: ([profile]) => sizeOf(profile.head) },
  { name: `profile?seconds=${SECONDS}`, service: 'alive', type: 'cpu', unit: 'ns', names: 'work', total: ([profile]) => cpuOf(profile) }
]

function sizeOf ({ selfSize, children }) {
  return children.reduce((sum, child) => sum + sizeOf(child), selfSize)
}

/** Nanoseconds of all samples that are not idle; each lasts until the next. */
function cpuOf ({ nodes, samples, timeDeltas, startTime, endTime }) {
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id))
  let at = startTime
  const times = timeDeltas.map((delta) => (at += delta))
  const lasted = (index) => Math.max(0, (times[index + 1] ?? Math.max(endTime, at)) - times[index])
  return samples.reduce((sum, id, index) => sum + (idle.has(id) ? 0 : lasted(index)), 0) * 1000
}

/** Runs `go tool pprof`; what it fetches it keeps in `dir`. */
function pprof (go, dir, ...args) {
  const env = { ...process.env, HOME: dir, PPROF_TMPDIR: dir, GOTOOLCHAIN: 'local', GOFLAGS: '', NO_PROXY: '127.0.0.1' }
  const { status, stdout, stderr } = spawnSync(go, ['tool', 'pprof', ...args], { env, encoding: 'utf8', maxBuffer: 1 << 28 })
  return { status, stdout, stderr, saved: /^Saved profile in (.*)$/m.exec(stderr)?.[1] }
}

function done (result) {
  assert.equal(result.status, 0, result.stderr)
  return result
}

async function start (counts) {
  const child = spawn(process.execPath, [SERVICE, counts, TOKEN], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(child.stdout.setEncoding('utf8'), 'data')
  const url = line.trim()
  const own = async () => await (await fetch(new URL('/v8', url.replace(/\/\/.*@/, '//')))).json()
  return { url, own, stop: async () => { child.kill(); await once(child, 'exit') } }
}

/** Every view of one endpoint; answers what was equal. */
async function check (go, dir, { url, own }, { name, type, unit, names, total }) {
  const from = `${url}/${name}`
  await own()
  const top = done(pprof(go, dir, '-top', `-unit=${unit}`, '-nodecount=100000', '-nodefraction=0', from))
  const expected = total(await own())
  assert.match(top.stdout, new RegExp(`^Type: ${type}$`, 'm'))
  assert.match(top.stdout, new RegExp(`\\b${names}$`, 'm'))
  const [, shown] = new RegExp(`accounting for .* of (-?\\d+)${unit} total`).exec(top.stdout)
  // Of a difference pprof adds up what is more and what is less without their signs.
  const sum = totalOf(done(pprof(go, dir, '-raw', top.saved)).stdout, type)
  assert.equal(sum.plain, expected, `${name}: ${sum.plain} instead of V8's ${expected}`)
  assert.equal(Number(shown), sum.absolute)
  assert.match(done(pprof(go, dir, '-traces', from)).stdout, new RegExp(`\\b${names}$`, 'm'))
  assert.match(done(pprof(go, dir, '-list', `^${names}$`, from)).stdout, new RegExp(`ROUTINE =+ ${names} in .*service\\.js\\n[^]*function ${names} `))
  const picture = which('dot') === undefined ? '-dot' : '-svg'
  assert.match(done(pprof(go, dir, picture, from)).stdout, picture === '-svg' ? /<svg [^]*<\/svg>/ : /^digraph /)
  // What was read first is taken off what is read now.
  const before = sum.plain
  await own()
  const diff = done(pprof(go, dir, '-raw', `-diff_base=${top.saved}`, from))
  const now = total(await own())
  assert.equal(totalOf(diff.stdout, type).plain, now - before, `${name}: the difference`)
  return `${name}: ${sum.plain} ${unit} as V8 said, then ${now - before} more; -top, -traces, -list, ${picture}, -raw, -diff_base`
}

/** What the samples of `-raw` add up to: { plain, absolute }. */
function totalOf (text, type) {
  const [, types, rows] = /^Samples:\n(.*)\n([^]*?)^Locations$/m.exec(text)
  const at = types.replace(/\[dflt\]/, '').split(' ').findIndex((one) => one.startsWith(`${type}/`))
  const values = [...rows.matchAll(/^ *((?:-?\d+ +)*-?\d+):/gm)].map(([, row]) => Number(row.trim().split(/ +/)[at]))
  return values.reduce(({ plain, absolute }, value) => ({ plain: plain + value, absolute: absolute + Math.abs(value) }), { plain: 0, absolute: 0 })
}

/** Without the token, and for what is not collected, pprof says what the handler says. */
function refusals (go, dir, { url }) {
  const wrong = pprof(go, dir, '-top', `${url.replace(TOKEN, 'wrong')}/heap`)
  assert.notEqual(wrong.status, 0)
  assert.match(wrong.stderr, /401 Unauthorized - Authorization is missing or wrong/)
  const allocs = pprof(go, dir, '-top', `${url}/allocs`)
  assert.notEqual(allocs.status, 0)
  assert.match(allocs.stderr, /409 Conflict - There is no allocs profile: .*startSampling\(/)
}

/** The path of Go. Graphviz is welcome, but no more. */
function ensureGo () {
  for (const [program, name] of [['go', 'golang-go'], ['dot', 'graphviz']]) {
    if (which(program)) continue
    try {
      install(name)
    } catch (cause) {
      if (program === 'go') throw new Error(`No Go was found, and ${cause.message}. Install Go`, { cause })
      console.log(`no pictures: ${cause.message}`)
    }
  }
  return which('go')
}

async function main () {
  const go = ensureGo()
  console.log(execFileSync(go, ['version'], { encoding: 'utf8' }).trim() + `, Node.js ${process.version}`)
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-pprof-'))
  try {
    for (const counts of ['alive', 'all']) {
      const service = await start(counts)
      try {
        for (const endpoint of ENDPOINTS.filter((one) => one.service === counts)) console.log(await check(go, dir, service, endpoint))
        if (counts === 'alive') refusals(go, dir, service)
      } finally {
        await service.stop()
      }
    }
    console.log('a wrong token and what is not collected: pprof shows why')
  } finally {
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

main()
