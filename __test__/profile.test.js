'use strict'

// openProfile(), `heapkit top`, `heapkit convert`, `heapkit flame` and `heapkit diff`: what is known to take the time or the memory is named, in every format, and what is wrong is said.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { describe, test } = require('node:test')
const { pathToFileURL } = require('node:url')
const zlib = require('node:zlib')
const { Profile: Pprof } = require('pprof-format')
const { FIXTURES, tmpDir, run } = require('./support')
const { openProfile, startCpuProfile, startSampling } = require('..')

const WORK = 200_000

function hot (rounds) {
  let sum = 0
  for (let n = 0; n < rounds * WORK; n++) sum += Math.sqrt(n) | 0
  return sum
}

function cold (rounds) {
  let sum = 0
  for (let n = 0; n < rounds * WORK; n++) sum += Math.sqrt(n) | 0
  return sum
}

const CPU_MICROSECONDS = 3e6

/** Takes seven tenths of the time in one of two functions that do the same, in turns that are too short for a busy machine to prefer one. */
async function cpuProfile (dir) {
  const session = startCpuProfile({ sampleInterval: 500 })
  const began = process.cpuUsage()
  const used = ({ user, system }) => user + system
  while (used(process.cpuUsage(began)) < CPU_MICROSECONDS) {
    hot(7)
    cold(3)
  }
  return (await session.stop({ dir })).path
}

const COUNT = 200_000
/** Three words that V8 has in each object, and two properties. */
const OBJECT_BYTES = 5 * 8

class Planted { constructor (n) { this.a = this.b = n } }

function plant () {
  const list = new Array(COUNT)
  for (let n = 0; n < COUNT; n++) list[n] = new Planted(n)
  return list
}

async function heapProfile (dir) {
  // Some ten thousand samples: the error is of one percent.
  const session = startSampling({ sampleInterval: 1024 })
  globalThis.planted = plant()
  const { path: file } = await session.stop({ dir, compression: 'zstd' })
  delete globalThis.planted
  return file
}

async function heapkit (t, ...args) {
  const cli = run(t, '../../bin/heapkit.js', { args })
  const { code } = await cli.exit
  return { code, stdout: cli.stdout(), stderr: cli.stderr() }
}

describe('a profile', () => {
  test('of time names who takes seven tenths of it, also when it was converted', async (t) => {
    const dir = tmpDir(t)
    const file = await cpuProfile(dir)
    const profile = await openProfile(file)
    assert.deepEqual(profile.types.map(({ name, unit }) => `${name}/${unit}`), ['samples/count', 'cpu/nanoseconds', 'wall/nanoseconds'])
    assert.ok(profile.durationMs * 1000 >= CPU_MICROSECONDS / 2 && profile.samples > 0, `${profile.durationMs} ms, ${profile.samples} samples`)
    const { rows, total } = await profile.top({ focus: /^(hot|cold)$/ })
    const of = (name) => rows.find((row) => row.name === name)
    const share = of('hot').flat / (of('hot').flat + of('cold').flat)
    assert.ok(Math.abs(share - 0.7) < 0.05, `${share} of the time`)
    assert.match(of('hot').place, /profile\.test\.js:17$/)
    assert.equal(total, profile.types[1].total)
    const again = path.join(dir, 'again.pb.gz')
    fs.writeFileSync(again, await profile.convert('pprof'))
    const converted = await openProfile(again)
    assert.deepEqual(converted.types, profile.types)
    assert.deepEqual(await converted.top({ by: 'package', value: 'wall' }), await profile.top({ by: 'package', value: 'wall' }))
    assert.deepEqual(await converted.convert('folded'), await profile.convert('folded'))
    assert.match(converted.comments[0], /^heapkit \d/)
    const { profiles } = JSON.parse(await profile.convert('speedscope'))
    assert.deepEqual(profiles.map(({ endValue }) => endValue), profile.types.map((type) => type.total))
    profile.close()
    await assert.rejects(profile.top(), { code: 'HEAPKIT_ERR_NOT_ACTIVE' })
  })

  test('of allocations names who made what is alive, and its size', async (t) => {
    const profile = await openProfile(await heapProfile(tmpDir(t)))
    assert.deepEqual(profile.types.map(({ name, unit }) => `${name}/${unit}`), ['inuse_space/bytes'])
    const { rows } = await profile.top()
    assert.match(rows[0].place, /profile\.test\.js:\d+$/)
    const planted = rows.filter(({ name }) => ['plant', 'Planted'].includes(name)).reduce((sum, { flat }) => sum + flat, 0)
    // And a word each in the list.
    const expected = COUNT * (OBJECT_BYTES + 8)
    assert.ok(Math.abs(planted / expected - 1) < 0.05, `${planted} of ${expected} bytes`)
  })

  test('of Node.js itself is read, too', async (t) => {
    const dir = tmpDir(t)
    const flags = ['--cpu-prof', '--heap-prof', `--cpu-prof-dir=${dir}`, `--heap-prof-dir=${dir}`]
    const { code } = await run(t, '../../bin/heapkit.js', { args: ['--version'], node: flags }).exit
    assert.equal(code, 0)
    const names = fs.readdirSync(dir).sort()
    assert.deepEqual(names.map((name) => path.extname(name)), ['.cpuprofile', '.heapprofile'])
    for (const name of names) {
      const text = JSON.parse(fs.readFileSync(path.join(dir, name)))
      const { types } = await openProfile(path.join(dir, name))
      if (text.head) assert.equal(types[0].total, sizeOf(text.head))
      else assert.equal(types[2].total, (text.endTime - text.startTime - text.timeDeltas[0]) * 1000)
    }
  })
})

function sizeOf ({ selfSize, children }) {
  return children.reduce((sum, child) => sum + sizeOf(child), selfSize)
}

test('in the shell a profile is a table, and a file in another format', async (t) => {
  const dir = tmpDir(t)
  const file = await cpuProfile(dir)
  const top = await heapkit(t, 'top', file, '--ignore', '^\\(idle\\)$')
  assert.deepEqual([top.code, top.stderr], [0, ''])
  assert.match(top.stdout, /^cpu: [\d.]+ s.*, [\d,]+ samples in [\d.]+ s\n\n +FLAT +SHARE +CUMULATIVE +OF ALL +FUNCTION +PLACE\n[- ]+\n *[\d.]+ s +\d+\.\d % +[\d.]+ s +\d+\.\d % +hot +\S*profile\.test\.js:17\n/)
  const packages = JSON.parse((await heapkit(t, 'top', file, '--by', 'package', '--json')).stdout)
  assert.equal(packages.rows[0].name, '(own code)')
  for (const [name, begins] of [['a.pprof', /^.\u008b/s], ['b.folded', /^[^\n]*;[^\n]* \d+$/m], ['c.speedscope.json', /^\{"\$schema"/]]) {
    const to = path.join(dir, name)
    const { code, stdout } = await heapkit(t, 'convert', file, to)
    assert.equal(code, 0)
    assert.ok(stdout.startsWith(to), stdout)
    assert.match(fs.readFileSync(to, 'latin1'), begins)
    assert.equal((await heapkit(t, 'convert', file, to)).code, 1, 'nothing is written over')
  }
})

/** A `.cpuprofile` in which each function calls the next, all of them seen once. */
function chain (depth) {
  const ids = Array.from({ length: depth }, (_, n) => n + 1)
  const nodes = ids.map((id) => ({ id, callFrame: { functionName: 'f' + 'x'.repeat(1000 * (id === 1)), lineNumber: id % 7 }, children: id < depth ? [id + 1] : [] }))
  return JSON.stringify({ nodes, startTime: 0, endTime: depth, samples: ids, timeDeltas: ids.map(() => 1) })
}

/** The data of a flame graph's page. */
function dataOf (page) {
  const [, data] = /<script type="application\/json" id="data">([^<]*)<\/script>\n/.exec(page)
  return JSON.parse(data)
}

test('a flame graph is one page, which loads nothing, also of what grew', async (t) => {
  const dir = tmpDir(t)
  const file = path.join(dir, 'now <b>&".cpuprofile')
  const before = path.join(dir, 'before.cpuprofile')
  fs.writeFileSync(file, chain(5))
  fs.writeFileSync(before, chain(3))
  const profile = await openProfile(file)
  const page = String(await profile.convert('flamegraph'))
  assert.deepEqual(await profile.convert('flamegraph'), Buffer.from(page), 'the same each time')
  assert.match(page, /default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'/)
  assert.doesNotMatch(page, /\b(src|href)="?https?:/)
  assert.match(page, /<title>now &#60;b&#62;&#38;&#34;\.cpuprofile · heapkit<\/title>/)
  const { types, shown, base } = dataOf(page)
  assert.deepEqual([types.map(({ name }) => name), shown, base], [['samples', 'cpu', 'wall'], 1, null])
  const earlier = await openProfile(before)
  const options = { base: earlier, value: 'wall', title: 'Ours' }
  const compared = String(await profile.convert('flamegraph', options))
  assert.deepEqual([dataOf(compared).shown, dataOf(compared).base.samples], [2, 3])
  assert.match(compared, /<title>Ours · heapkit<\/title>[^]*data-base="before\.cpuprofile"/)
  for (const [given, error] of [
    [{ base: {} }, { code: 'HEAPKIT_ERR_INVALID_OPTION', option: 'base' }], [{ base: null }, { option: 'base' }], [{ title: '' }, { option: 'title' }],
    [{ base: await openProfile(await heapProfile(dir)) }, /`base` has no cpu\/nanoseconds to compare with; it has inuse_space\/bytes/]
  ]) await assert.rejects(profile.convert('flamegraph', given), error)
  await assert.rejects(profile.convert('pprof', { base: earlier }), { option: 'base' })
  earlier.close()
  await assert.rejects(profile.convert('flamegraph', { base: earlier }), { code: 'HEAPKIT_ERR_NOT_ACTIVE' })

  const out = (name) => path.join(dir, name)
  const shown1 = await heapkit(t, 'flame', file, '-o', out('a.html'))
  assert.deepEqual([shown1.code, shown1.stderr], [0, ''])
  assert.ok(shown1.stdout.startsWith(out('a.html')), shown1.stdout)
  assert.equal(fs.readFileSync(out('a.html'), 'utf8'), page)
  const again = await heapkit(t, 'flame', file, '-o', out('a.html'))
  assert.equal(again.code, 1)
  assert.match(again.stderr, /a\.html exists; heapkit never overwrites/)
  assert.equal((await heapkit(t, 'convert', file, out('b.html'))).code, 0)
  assert.equal(fs.readFileSync(out('b.html'), 'utf8'), page)
  const { path: written, bytes } = JSON.parse((await heapkit(t, 'flame', file, before, '-o', out('c.html'), '--value', 'wall', '--json')).stdout)
  assert.deepEqual([written, bytes], [out('c.html'), fs.statSync(out('c.html')).size])
  assert.equal(dataOf(fs.readFileSync(written, 'utf8')).base.samples, 3)
  assert.deepEqual(fs.readdirSync(dir).filter((name) => name.endsWith('.html')), ['a.html', 'b.html', 'c.html'])
})

/** A `.cpuprofile` of functions that `main` calls, each for so many microseconds. */
function calls (times) {
  const frame = (functionName, lineNumber, url) => ({ functionName, scriptId: '1', url, lineNumber, columnNumber: 0 })
  const entries = Object.entries(times)
  const nodes = entries.map(([name], at) => ({ id: at + 2, callFrame: frame(name, at, `/srv/${name === 'parse' ? 'node_modules/csv/' : ''}${name}.js`) }))
  const all = entries.reduce((sum, [, time]) => sum + time, 0)
  const main = { id: 1, callFrame: frame('main', 0, '/srv/main.js'), children: nodes.map(({ id }) => id) }
  return JSON.stringify({ nodes: [main, ...nodes], startTime: 0, endTime: all, samples: nodes.map(({ id }) => id), timeDeltas: [0, ...entries.slice(0, -1).map(([, time]) => time)] })
}

test('what grew between two profiles is a table, and more than was allowed is exit code 3', async (t) => {
  const dir = tmpDir(t)
  const [before, after] = [['before.cpuprofile', { price: 10_000, parse: 30_000, gone: 5000 }], ['after.cpuprofile', { parse: 20_000, price: 40_000 }]].map(([name, times]) => {
    fs.writeFileSync(path.join(dir, name), calls(times))
    return path.join(dir, name)
  })
  const shown = await heapkit(t, 'diff', before, after)
  assert.deepEqual([shown.code, shown.stderr], [0, ''])
  assert.equal(shown.stdout, `cpu: 45.0 ms → 60.0 ms (+15.0 ms), 3 samples in 45.0 ms → 2 samples in 60.0 ms

  GROWTH  CUMULATIVE          FROM → TO  FUNCTION  PLACE
--------  ----------  -----------------  --------  --------------------------------
+30.0 ms    +30.0 ms  10.0 ms → 40.0 ms  price     /srv/price.js:2
  0.0 ms    +15.0 ms    0.0 ms → 0.0 ms  main      /srv/main.js:1
 -5.0 ms     -5.0 ms    5.0 ms → 0.0 ms  gone      /srv/gone.js:3
-10.0 ms    -10.0 ms  30.0 ms → 20.0 ms  parse     /srv/node_modules/csv/parse.js:1
`)
  const packages = await heapkit(t, 'diff', before, after, '--by', 'package', '--top', '1')
  assert.match(packages.stdout, /^\+25\.0 ms +\+15\.0 ms +15\.0 ms → 40\.0 ms +\(own code\)\n… 1 more \(--top\)\n$/m)
  const answer = JSON.parse((await heapkit(t, 'diff', before, after, '--json', '--value', 'wall', '--top', '1')).stdout)
  assert.deepEqual([answer.name, answer.totals, answer.rows.length, answer.rowCount, answer.maxFlatDelta], ['wall', [45e6, 60e6], 1, 4, 30e6])
  for (const [limit, code] of [['29ms', 3], ['0.03s', 0], ['30000us', 0]]) assert.equal((await heapkit(t, 'diff', before, after, '--max-growth', limit, '--top', '1')).code, code, limit)
  assert.match((await heapkit(t, 'diff', before, before)).stdout, /\n\nNothing grew or shrank\n$/)

  // Whatever it is called, and in whatever format.
  const [packed, nameless] = [path.join(dir, 'b.pprof'), path.join(dir, 'a')]
  const profile = await openProfile(after)
  fs.writeFileSync(packed, await profile.convert('pprof'))
  fs.copyFileSync(before, nameless)
  assert.deepEqual(await heapkit(t, 'diff', nameless, packed), shown)
  fs.copyFileSync(packed, path.join(dir, 'b'))
  assert.deepEqual(await heapkit(t, 'diff', nameless, path.join(dir, 'b')), shown)
  fs.writeFileSync(path.join(dir, 'text'), 'neither')
  assert.match((await heapkit(t, 'diff', path.join(dir, 'text'), nameless)).stderr, /^heapkit: .* is not a whole heap snapshot/)
  const base = await openProfile(before)
  assert.deepEqual((await profile.diff(base, { value: 'wall', top: 1 })), answer)
  await assert.rejects(profile.diff(), { code: 'HEAPKIT_ERR_INVALID_OPTION', option: 'base' })
  base.close()
  await assert.rejects(profile.diff(base), { code: 'HEAPKIT_ERR_NOT_ACTIVE' })
})

test('what would be very much larger in another format is refused, and given up work ends', async (t) => {
  const file = path.join(tmpDir(t), 'deep.cpuprofile')
  fs.writeFileSync(file, chain(5000))
  const profile = await openProfile(file)
  assert.ok((await profile.convert('pprof')).length < 32 << 20)
  fs.writeFileSync(file, chain(20_000))
  const deeper = await openProfile(file)
  await assert.rejects(deeper.convert('folded'), (error) => error.code === 'HEAPKIT_ERR_MEMORY' && /the file would have more than 256 MiB/.test(error.message))
  const control = new AbortController()
  const pending = deeper.convert('speedscope', { signal: control.signal })
  control.abort()
  await assert.rejects(pending, { code: 'HEAPKIT_ERR_ABORTED' })
  const { prototype } = Object
  Object.defineProperty(prototype, 'memory', { value: 'junk', configurable: true })
  try {
    await openProfile(file)
  } finally {
    delete prototype.memory
  }
})

test('what is no profile is refused: which file, and what is wrong', async (t) => {
  const dir = tmpDir(t)
  const write = (name, text) => {
    fs.writeFileSync(path.join(dir, name), text)
    return path.join(dir, name)
  }
  for (const [file, message] of [
    [write('empty', ''), /it is empty$/],
    [write('text', 'no profile'), /neither JSON nor a whole pprof profile/],
    [write('snapshot', '{"snapshot":{},"nodes":[]}'), /it is a heap snapshot, which `heapkit summary` and openSnapshot\(\) read$/],
    [write('cut', '{"nodes":[{"id":1,'), /no whole JSON/],
    [write('cut.gz', zlib.gzipSync('{"nodes":[]}').subarray(0, 20)), /breaks off/],
    [write('deep', `{"head":${'{"children":['.repeat(1e5)}`), /no whole JSON: Max stack size/]
  ]) {
    await assert.rejects(openProfile(file), (error) => error.code === 'HEAPKIT_ERR_INVALID_PROFILE' && error.path === file && error.message.startsWith(`${file} cannot be read as a profile: it `) && message.test(error.message), file)
  }
  for (const [file, message] of [
    [write('array', '[]'), /it is JSON, but no object$/],
    [write('late', '{"nodes":[{"id":1,"callFrame":{"functionName":"f"}}],"startTime":0,"endTime":1,"samples":[1],"timeDeltas":[1e308]}'), /has a time of/],
    [write('chain', chain(70_000)), /has a stack of 70000 frames: more than 65536/],
    [write('steps', chain(30_000)), /has stacks of \d+ frames in all/],
    // Messages of two bytes: hundreds of megabytes in memory.
    [write('dense.gz', zlib.gzipSync(Buffer.alloc(60 << 20, Buffer.from([0x22, 0])))), /has tables that would take \d+ MiB in memory/]
  ]) await assert.rejects(openProfile(file), (error) => error.code === 'HEAPKIT_ERR_INVALID_PROFILE' && message.test(error.message), file)
  const marked = await openProfile(write('marked', '\ufeff{"head":{"callFrame":{"functionName":"(root)"},"selfSize":7,"children":[]}}'))
  assert.deepEqual((await marked.top()).rows, [{ name: '(no function)', flat: 7, cumulative: 7 }])
  assert.equal(String(await marked.convert('folded')), '(no function) 7\n')
  await assert.rejects(openProfile(path.join(dir, 'missing')), { code: 'HEAPKIT_ERR_IO' })
  const bomb = write('bomb.gz', zlib.gzipSync(Buffer.alloc(300 << 20)))
  await assert.rejects(openProfile(bomb), /it has more than 256 MiB of text/)
})

describe('a profile of a bundle', () => {
  const SHOP = path.join(FIXTURES, 'shop')

  test('names sources instead of scripts by source maps: files, lines and names', async (t) => {
    const dir = tmpDir(t)
    const script = path.join(SHOP, 'shop.min.js')
    const text = fs.readFileSync(script, 'utf8')
    /** A function of the bundle that begins behind `before`, with what it called. */
    const node = (functionName, before, selfSize, children = []) => {
      assert.ok(text.includes(before), before)
      return { callFrame: { functionName, url: pathToFileURL(script).href, lineNumber: 0, columnNumber: text.indexOf(before) + before.length }, selfSize, children }
    }
    const file = path.join(dir, 'shop.heapprofile')
    const cart = node('o', 'class{constructor', 300)
    fs.writeFileSync(file, JSON.stringify({ head: { callFrame: { functionName: '(root)' }, selfSize: 0, children: [node('m', 'function m', 100, [node('begin', 'begin', 200, [cart])])] } }))
    const ask = async (sourceMaps) => {
      const profile = await openProfile(file, { sourceMaps })
      const { rows } = await profile.top()
      profile.close()
      return { rows: rows.map(({ name, place, flat }) => `${name} ${place.replace(SHOP, '')} ${flat}`), used: profile.sourceMaps }
    }
    const plain = ['o /shop.min.js:1 300', 'begin /shop.min.js:1 200', 'm /shop.min.js:1 100']
    assert.deepEqual(await ask(), { rows: plain, used: undefined })
    const rows = ['CustomerCart src/cart.ts:7 300', 'begin src/sessions.ts:8 200', 'serve src/main.ts:9 100']
    for (const sourceMaps of [true, SHOP, [dir, SHOP]]) assert.deepEqual(await ask(sourceMaps), { rows, used: { scripts: 1, passedOver: [] } })
    assert.deepEqual(await ask(dir), { rows: plain, used: { scripts: 0, passedOver: [] } })
    const { stdout } = await heapkit(t, 'top', file, '--source-maps', SHOP, '--by', 'file')
    assert.match(stdout, /^300 B .* {2}src\/cart\.ts$/m)
    assert.match(stdout, /\n\n1 script has a source map\n$/)
    const to = path.join(dir, 'shop.folded')
    const converted = await heapkit(t, 'convert', file, to, '--source-maps', SHOP)
    assert.deepEqual([converted.code, converted.stdout.split('\n').slice(1)], [0, ['', '1 script has a source map', '']])
    assert.match(fs.readFileSync(to, 'utf8'), /^serve \(src\/main\.ts:9\);begin \(src\/sessions\.ts:8\);CustomerCart \(src\/cart\.ts:7\) 300$/m)
    await assert.rejects(openProfile(file, { sourceMaps: path.join(dir, 'nowhere') }), { code: 'HEAPKIT_ERR_INVALID_OPTION' })
  })

  test('has them in every command, and where two are compared in both', async (t) => {
    const dir = tmpDir(t)
    const script = path.join(SHOP, 'shop.min.js')
    const columnNumber = fs.readFileSync(script, 'utf8').indexOf('class{constructor') + 'class{constructor'.length
    const [before, after] = [['before', 100], ['after', 300]].map(([name, selfSize]) => {
      const cart = { callFrame: { functionName: 'o', url: script, lineNumber: 0, columnNumber }, selfSize, children: [] }
      // No name says what it is.
      fs.writeFileSync(path.join(dir, name), JSON.stringify({ head: { callFrame: { functionName: '(root)' }, selfSize: 0, children: [cart] } }))
      return path.join(dir, name)
    })
    const used = { scripts: 1, passedOver: [] }
    const note = /\n\n1 script has a source map\n$/
    const diff = await heapkit(t, 'diff', before, after, '--source-maps', dir, '--source-maps', SHOP)
    assert.match(diff.stdout, /^\+200 B +\+200 B +100 B → 300 B +CustomerCart +src\/cart\.ts:7$/m, diff.stderr)
    assert.match(diff.stdout, note)
    const { rows, sourceMaps } = JSON.parse((await heapkit(t, 'diff', before, after, '--by', 'file', '--source-maps', SHOP, '--json')).stdout)
    assert.deepEqual([rows, sourceMaps], [[{ name: 'src/cart.ts', flat: [100, 300], cumulative: [100, 300], flatDelta: 200, cumulativeDelta: 200 }], used])
    assert.deepEqual(JSON.parse((await heapkit(t, 'top', after, '--source-maps', SHOP, '--json')).stdout).sourceMaps, used)

    for (const [name, more] of [['one.html', []], ['two.html', [before]]]) {
      const { stdout, stderr } = await heapkit(t, 'flame', after, ...more, '-o', path.join(dir, name), '--source-maps', SHOP)
      assert.match(stdout, note, stderr)
      const { strings, base, functions } = dataOf(fs.readFileSync(path.join(dir, name), 'utf8'))
      assert.ok(strings.includes('CustomerCart') && strings.includes('src/cart.ts') && !strings.includes(script), name)
      // One function: it is the same in both.
      assert.deepEqual([base !== null, functions.name.length], [more.length > 0, 1])
    }
    const to = path.join(dir, 'three.html')
    assert.deepEqual(JSON.parse((await heapkit(t, 'flame', after, '-o', to, '--source-maps', SHOP, '--json')).stdout), { path: to, bytes: fs.statSync(to).size, sourceMaps: used })
    const folded = path.join(dir, 'four.folded')
    assert.deepEqual(JSON.parse((await heapkit(t, 'convert', after, folded, '--source-maps', SHOP, '--json')).stdout), { path: folded, bytes: fs.statSync(folded).size, format: 'folded', sourceMaps: used })
    const nowhere = path.join(dir, 'nowhere')
    for (const args of [['top', after], ['convert', after, path.join(dir, 'x.folded')], ['flame', after, '-o', path.join(dir, 'x.html')], ['diff', before, after]]) {
      const { code, stderr } = await heapkit(t, ...args, '--source-maps', nowhere)
      assert.equal(code, 2, args[0])
      assert.match(stderr, /^heapkit: --source-maps must name folders that have source maps, and .*nowhere is none/)
    }
  })

  test('has the lines of sources where a script has lines, and is what it was where a map is broken', async (t) => {
    const dir = tmpDir(t)
    const script = path.join(dir, 'two.js')
    // Lines 1 to 3 of the script are lines 10, 21 and 32 of its source; V,V,V,V by the specification.
    fs.writeFileSync(`${script}.map`, JSON.stringify({ version: 3, file: 'two.js', sources: ['two.ts'], names: [], mappings: 'AASA;AAWA;AAWA' }))
    fs.writeFileSync(script, '')
    const at = (functionName, lineNumber, columnNumber) => ({ functionName, url: pathToFileURL(script).href, lineNumber, columnNumber })
    const nodes = [
      { id: 1, callFrame: { functionName: '(root)' }, children: [2] },
      { id: 2, callFrame: at('two', 0, 0), hitCount: 1, positionTicks: [{ line: 3, ticks: 1 }] }
    ]
    const file = path.join(dir, 'two.cpuprofile')
    fs.writeFileSync(file, JSON.stringify({ nodes, startTime: 0, endTime: 10, samples: [2], timeDeltas: [0] }))
    const lines = async () => {
      const profile = await openProfile(file, { sourceMaps: true })
      const { stringTable: { strings }, location: [{ line: [{ line }] }], function: [own] } = Pprof.decode(zlib.gunzipSync(await profile.convert('pprof')))
      return { frame: `${strings[own.name]} ${path.basename(strings[own.filename])}:${own.startLine}, at ${line}`, used: profile.sourceMaps }
    }
    const mapped = await lines()
    assert.deepEqual(mapped.used, { scripts: 1, passedOver: [] })
    assert.equal(mapped.frame, 'two two.ts:10, at 32')
    fs.writeFileSync(`${script}.map`, '{')
    const broken = await lines()
    assert.deepEqual([broken.frame, broken.used.passedOver.length], ['two two.js:1, at 3', 1])
  })
})
