'use strict'

// openSnapshot() and diffSnapshots(): the numbers are those of DevTools' own code, the growth is found, and what is wrong is said.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { describe, test, before, after } = require('node:test')
const zlib = require('node:zlib')
const { linux } = require('./needs')
const { tmpDir, run } = require('./support')
const { openSnapshot, diffSnapshots, takeSnapshot } = require('..')

const SYSTEM_DISTANCE = 100_000_000

let sampleDir
let sample

before(async () => {
  sampleDir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-test-'))
  sample = path.join(sampleDir, 'sample.heapsnapshot')
  const context = { after: (fn) => after(fn) }
  const { code } = await run(context, 'heap-sample.js', { args: [sample] }).exit
  assert.equal(code, 0)
})
after(() => fs.rmSync(sampleDir, { recursive: true, force: true }))

/** DevTools' table of constructors, keyed as heapkit's classes are. */
async function devToolsClasses (file) {
  const { parse } = await import('heap-snapshot-toolkit')
  const snapshot = await parse(fs.createReadStream(file))
  const classes = new Map()
  for (const [key, { count, self, maxRet, distance, name }] of Object.entries(snapshot.getAggregatesByClassKey(false, 'allObjects'))) {
    const [, script, line, column] = /^(\d+),(\d+),(\d+),/.exec(key) ?? []
    const location = script === undefined ? '' : `${script}:${Number(line) + 1}:${Number(column) + 1}`
    classes.set(`${name} ${location}`, { count, shallow: self, retained: maxRet, distance: distance >= 0 && distance < SYSTEM_DISTANCE ? distance : null })
  }
  return { classes, statistics: snapshot.getStatistics() }
}

describe('the numbers of a snapshot', () => {
  test("are DevTools' numbers: count, shallow and retained size and distance of every class, and the totals", async () => {
    const theirs = await devToolsClasses(sample)
    const heap = await openSnapshot(sample)
    const { classes, classCount, totals } = await heap.summary({ top: 10_000 })
    heap.close()
    assert.equal(classCount, theirs.classes.size)
    for (const { name, location = '', ...numbers } of classes) {
      assert.deepEqual(numbers, theirs.classes.get(`${name} ${location}`), `${name} ${location}`)
    }
    const { total, native, v8heap } = theirs.statistics
    const { other, ...known } = totals
    assert.deepEqual(known, {
      total,
      native: native.total,
      typedArrays: native.typedArrays,
      code: v8heap.code,
      strings: v8heap.strings,
      arrays: v8heap.jsArrays,
      system: v8heap.system
    })
  })

  test('know the classes, strings and objects that were planted', async () => {
    const heap = await openSnapshot(sample)
    const { classes, strings, largest } = await heap.summary({ top: 1000 })
    // V8 has one or the other of its own: a prototype, the boilerplate of a literal, the constant of a script.
    assert.ok(classes.find(({ name }) => name === 'Tagged').count >= 2000)
    assert.ok(classes.find(({ name }) => name === '{a, b}').count >= 400)
    assert.ok(classes.find(({ name }) => name === '{"odd, name", a, "it\'s"}').count >= 200)
    const duplicate = strings.top.find(({ text }) => text === 'the same text many times')
    assert.ok(duplicate.count >= 200)
    assert.ok(largest.every(({ retained }, index) => index === 0 || retained <= largest[index - 1].retained))
    const bySize = await heap.summary({ top: 3, sort: 'count' })
    assert.equal(bySize.classes.length, 3)
    heap.close()
  })

  test('are the same of a .gz and of a .zst, whatever their names', async (t) => {
    const dir = tmpDir(t)
    const plain = fs.readFileSync(sample)
    const files = [path.join(dir, 'a.heapsnapshot.gz'), path.join(dir, 'b')]
    fs.writeFileSync(files[0], zlib.gzipSync(plain))
    fs.writeFileSync(files[1], zlib.gzipSync(plain.subarray(0, 1000)))
    // Two members, as `cat a.gz b.gz` makes them.
    fs.appendFileSync(files[1], zlib.gzipSync(plain.subarray(1000)))
    const artifact = await takeSnapshot({ dir, compression: 'zstd', mode: 'inline' })
    const summaries = await Promise.all([sample, ...files].map(async (file) => (await openSnapshot(file)).summary()))
    assert.deepEqual(summaries[1], summaries[0])
    assert.deepEqual(summaries[2], summaries[0])
    assert.ok((await (await openSnapshot(artifact.path)).summary()).file.nodes > 10_000)
  })

  test('say who holds what', async () => {
    const heap = await openSnapshot(sample)
    const { suspects } = await heap.suspects({ threshold: 0.05 })
    assert.ok(suspects.some(({ accumulation, path: steps }) => accumulation.heldBy.endsWith('.held') || steps.some(({ by }) => by === '.sample')), JSON.stringify(suspects))
    const tagged = await heap.retainers('Tagged', { paths: 3 })
    assert.ok(tagged.count >= 2000)
    assert.ok(tagged.paths[0].count > 1000, 'paths that differ in indices only are one')
    const { id } = tagged.paths[0].steps.at(-1)
    const one = await heap.retainers(id)
    assert.deepEqual(await heap.retainers(`@${id}`), one)
    assert.equal(one.name, 'Tagged')
    assert.equal(one.paths[0].steps.at(-1).id, id)
    heap.close()
    await assert.rejects(() => heap.summary(), { code: 'HEAPKIT_ERR_NOT_ACTIVE' })
  })

  for (const mode of ['inline', 'fork']) {
    test(`are no suspects in processes in which nothing has happened, ${mode}`, { skip: mode === 'fork' && linux('fork') }, async (t) => {
      for (const what of ['empty', 'express']) {
        const file = path.join(tmpDir(t), 'idle.heapsnapshot')
        const idle = run(t, 'heap-idle.js', { args: [what, mode, file] })
        assert.equal((await idle.exit).code, 0, idle.stderr())
        const heap = await openSnapshot(file)
        assert.deepEqual((await heap.suspects()).suspects.map(({ text }) => text), [], what)
        heap.close()
      }
    })
  }

  test('are told of a file that breaks off only if one asks for it', async (t) => {
    const cut = path.join(tmpDir(t), 'cut.heapsnapshot.gz')
    const packed = zlib.gzipSync(fs.readFileSync(sample))
    fs.writeFileSync(cut, packed.subarray(0, packed.length / 2))
    await assert.rejects(() => openSnapshot(cut), (error) => {
      assert.equal(error.code, 'HEAPKIT_ERR_INVALID_SNAPSHOT')
      assert.match(error.message, /cut\.heapsnapshot\.gz is not a whole heap snapshot: its compressed data breaks off .*\(byte \d+ of its text\)/)
      assert.equal(error.path, cut)
      return true
    })
    const heap = await openSnapshot(cut, { partial: true })
    assert.match((await heap.summary()).file.incomplete, /breaks off/)
    heap.close()
  })
})

describe('what is wrong', () => {
  test('with a file is said with its name and the place', async (t) => {
    const file = path.join(tmpDir(t), 'x.heapsnapshot')
    for (const [content, message] of [
      ['', /it is empty \(byte 0/],
      ['{"a":1}', /it has no header; is this a heap snapshot\?/],
      ['not json', /it does not begin with `\{` but with `n`/],
      [Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3]), /its compressed data/]
    ]) {
      fs.writeFileSync(file, content)
      await assert.rejects(() => openSnapshot(file), (error) => error.code === 'HEAPKIT_ERR_INVALID_SNAPSHOT' && error.message.includes(file) && message.test(error.message))
    }
    await assert.rejects(() => openSnapshot(path.join(sampleDir, 'missing')), { code: 'HEAPKIT_ERR_IO' })
    await assert.rejects(() => openSnapshot(sampleDir), { code: 'HEAPKIT_ERR_IO' })
  })

  test('with options names the option', async () => {
    const heap = await openSnapshot(sample)
    for (const [work, option] of [
      [() => openSnapshot(''), 'path'],
      [() => openSnapshot(5), 'path'],
      [() => openSnapshot(sample, { partial: 1 }), 'partial'],
      [() => openSnapshot(sample, { onProgress: 1 }), 'onProgress'],
      [() => heap.summary({ top: 0 }), 'top'],
      [() => heap.summary({ sort: 'name' }), 'sort'],
      [() => heap.suspects({ threshold: 2 }), 'threshold'],
      [() => heap.retainers(), 'target'],
      [() => heap.retainers('NoSuchClass'), 'target'],
      [() => heap.retainers('@4000000000'), 'target'],
      [() => heap.retainers('Tagged', { paths: 'x' }), 'paths'],
      [() => diffSnapshots([sample]), 'paths'],
      [() => diffSnapshots('x'), 'paths']
    ]) {
      await assert.rejects(work, (error) => error.code === 'HEAPKIT_ERR_INVALID_OPTION' && error.option === option, option)
    }
    heap.close()
  })

  test('can be given up, and is then given up at once', async () => {
    const controller = new AbortController()
    const phases = new Set()
    const opening = openSnapshot(sample, { signal: controller.signal, onProgress: ({ phase }) => phases.add(phase) })
    controller.abort()
    await assert.rejects(opening, { code: 'HEAPKIT_ERR_ABORTED' })
    await assert.rejects(() => openSnapshot(sample, { signal: AbortSignal.abort() }), { code: 'HEAPKIT_ERR_ABORTED' })
    await assert.rejects(() => openSnapshot(sample, { onProgress: () => { throw new RangeError('mine') } }), { name: 'RangeError', message: 'mine' })
    const heap = await openSnapshot(sample, { onProgress: (progress) => phases.add(progress.phase) })
    assert.ok(phases.has('done'))
    heap.close()
  })
})

describe('what grew', () => {
  class Session { constructor (index) { this.user = ['user', index].join('-'); this.cart = [{ index }] } }
  class MemoryStore { sessions = {} }
  let index = 0
  function grow (store, count) {
    for (const end = index + count; index < end; index++) store.sessions[['s', index * 7919].join('')] = new Session(index)
  }

  for (const options of [{ mode: 'inline' }, ...(process.platform === 'linux' ? [{ mode: 'fork' }, { mode: 'fork', stableIds: true }] : [])]) {
    test(`is named in the first line, by who holds it: ${JSON.stringify(options)}`, async (t) => {
      const dir = tmpDir(t)
      globalThis.store = new MemoryStore()
      t.after(() => delete globalThis.store)
      const files = []
      for (const count of [500, 4000, 4000]) {
        grow(globalThis.store, count)
        files.push((await takeSnapshot({ dir, ...options })).path)
      }
      const correspond = options.mode === 'inline' || Boolean(options.stableIds)
      const two = await diffSnapshots(files.slice(0, 2))
      const [first] = two.paths
      assert.deepEqual([first.name, first.heldBy, first.counts, first.countDelta], ['Session', 'MemoryStore.sessions', [500, 4500], 4000])
      assert.ok(first.sizeDelta > 4000 * 50)
      assert.equal(two.ids.correspond, correspond, JSON.stringify(two.ids))
      const session = two.constructors.find(({ name }) => name === 'Session')
      assert.deepEqual([session.countDelta, session.added, session.removed], [4000, correspond ? 4000 : undefined, correspond ? 0 : undefined])
      const three = await diffSnapshots(files, { top: 5 })
      assert.deepEqual([three.paths[0].heldBy, three.paths[0].counts, three.paths[0].grewEveryTime], ['MemoryStore.sessions', [500, 4500, 8500], true])
      assert.ok(three.paths.length <= 5)
      for (const { paths, rest, sizeDelta, maxSizeDelta } of [two, three]) {
        const lines = paths.reduce((sum, line) => sum + line.sizeDelta, 0)
        assert.equal(lines + rest.grown.sizeDelta + rest.shrunk.sizeDelta, sizeDelta, 'each byte is in one line')
        assert.equal(maxSizeDelta, paths[0].sizeDelta)
      }
    })
  }
})

test('what is only held in another way than before has not grown', async (t) => {
  class Store { items = [] }
  class Router { constructor (store) { this.store = store } }
  class Item { constructor (index) { this.text = ['item', index].join(' ') } }
  const dir = tmpDir(t)
  const router = new Router(new Store())
  const grow = (count) => { for (let index = 0; index < count; index++) router.store.items.push(new Item(index)) }
  t.after(() => { delete globalThis.app })
  // The router holds everything, now from here and now from there.
  globalThis.app = { router }
  grow(30_000)
  const before = await takeSnapshot({ dir, mode: 'inline' })
  globalThis.app = { server: { handler: { router } } }
  grow(20_000)
  const after = await takeSnapshot({ dir, mode: 'inline' })
  const { paths } = await diffSnapshots([before.path, after.path])
  assert.deepEqual([paths[0].name, paths[0].heldBy, paths[0].countDelta], ['Item', 'Store.items', 20_000])
  assert.equal(paths.find(({ name }) => name === 'Router'), undefined)
})

test('standard input is a file like any other', async (t) => {
  const cli = run(t, '../../bin/heapkit.js', { args: ['summary', '-', '--json'], stdio: ['pipe', 'pipe', 'pipe'] })
  fs.createReadStream(sample).pipe(cli.child.stdin)
  const { code } = await cli.exit
  assert.equal(code, 0, cli.stderr())
  assert.ok(JSON.parse(cli.stdout()).classCount > 50)
})

test('a process with a snapshot that is still open ends by itself', async (t) => {
  const child = run(t, 'heap-open.js', { args: [sample] })
  assert.deepEqual([await child.exit, child.stdout()], [{ code: 0, signal: null }, 'open\n'], child.stderr())
})
