'use strict'

// Source maps: answers name sources instead of scripts, and maps that are missing, broken or hostile change nothing.

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { describe, test, before, after } = require('node:test')
const { posix, links } = require('./needs')
const { FIXTURES, tmpDir, run, heapkitError } = require('./support')
const { openSnapshot, diffSnapshots } = require('..')

const SHOP = path.join(FIXTURES, 'shop')
const SCRIPT = 'shop.min.js'
const MAP = `${SCRIPT}.map`
const map = () => JSON.parse(fs.readFileSync(path.join(SHOP, MAP), 'utf8'))

let dir
let files

before(async () => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-test-'))
  files = ['before', 'after'].map((name) => path.join(dir, `${name}.heapsnapshot`))
  // A compiler that is at work holds what its code refers to, and V8 is then said to hold the leak as well.
  const { code } = await run({ after }, `shop/${SCRIPT}`, { args: files, node: ['--no-opt', '--no-maglev'] }).exit
  assert.equal(code, 0)
})
after(() => fs.rmSync(dir, { recursive: true, force: true }))

/** A folder with the bundle, and what `change` makes of its map; undefined for none. */
function shop (t, change = (own) => own) {
  const own = tmpDir(t)
  fs.copyFileSync(path.join(SHOP, SCRIPT), path.join(own, SCRIPT))
  const changed = change(map(), path.join(own, MAP))
  if (changed !== undefined) fs.writeFileSync(path.join(own, MAP), typeof changed === 'string' ? changed : JSON.stringify(changed))
  return own
}

async function summary (sourceMaps) {
  const heap = await openSnapshot(files[1], { sourceMaps })
  const answer = await heap.summary({ top: 10_000 })
  heap.close()
  return answer
}

/** Where the classes of the shop are, by their names. */
async function places (sourceMaps) {
  const { classes, file } = await summary(sourceMaps)
  const found = classes.filter(({ location, count }) => location && count === 5010).map(({ name, location }) => `${name} ${location}`)
  return { places: found, ...file.sourceMaps }
}

const MAPPED = ['CustomerCart src/cart.ts:7:3']

async function firstLine (sourceMaps) {
  const { paths: [{ name, heldBy, countDelta }], snapshots } = await diffSnapshots(files, { sourceMaps })
  return { line: `+${countDelta} ${name} held by ${heldBy}`, used: snapshots.map(({ sourceMaps }) => sourceMaps) }
}

describe('a bundled and minified service', () => {
  test('without its map is named by its bundle, and with it by its sources', async (t) => {
    assert.deepEqual(await firstLine(), { line: '+5000 o held by n() (shop.min.js:1): t', used: [undefined, undefined] })
    assert.deepEqual(await firstLine(false), await firstLine())
    const used = [{ scripts: 1, passedOver: [] }, { scripts: 1, passedOver: [] }]
    const line = '+5000 CustomerCart held by createSessions() (src/sessions.ts:4): open'
    for (const sourceMaps of [true, SHOP, [tmpDir(t), SHOP], path.relative('.', SHOP)]) assert.deepEqual(await firstLine(sourceMaps), { line, used }, `${sourceMaps}`)
  })

  test('is named so in every answer', async () => {
    const heap = await openSnapshot(files[1], { sourceMaps: SHOP })
    const { suspects: [suspect] } = await heap.suspects()
    const retainers = await heap.retainers('CustomerCart', { paths: 1 })
    const { classes, file } = await heap.summary({ top: 10_000 })
    const report = JSON.stringify(await heap.report())
    await assert.rejects(heap.retainers('o'), heapkitError('HEAPKIT_ERR_INVALID_OPTION'))
    heap.close()
    assert.match(suspect.text, /5,010 CustomerCart held by createSessions\(\) \(src\/sessions\.ts:4\): open/)
    const steps = retainers.paths[0].steps.map(({ name, by }) => `${by} ${name}`)
    assert.ok(steps.includes('→sessions Object') && steps.includes('{context} createSessions() (src/sessions.ts:4)') && steps.includes('→open Array'), steps.join('\n'))
    // The class has no constructor of its own: V8 says where `class` is.
    assert.equal(classes.find(({ name }) => name === 'Voucher').location, 'src/cart.ts:21:8')
    assert.match(report, /createSessions\(\) \(src\/sessions\.ts:4\)/)
    assert.deepEqual(file.sourceMaps, { scripts: 1, passedOver: [] })
    const { file: unmapped, classCount } = await summary()
    assert.equal(file.strings, unmapped.strings)
    assert.equal(classes.length, classCount)
  })

  test('has its names, but for variables, also where the map alone is there', async (t) => {
    const own = shop(t)
    fs.rmSync(path.join(own, SCRIPT))
    assert.deepEqual(await firstLine(own).then(({ line }) => line), '+5000 CustomerCart held by createSessions() (src/sessions.ts:4): t')
    const withoutTexts = shop(t, ({ sourcesContent, ...rest }) => rest)
    assert.deepEqual((await places(withoutTexts)).places, MAPPED)
    fs.rmSync(path.join(withoutTexts, SCRIPT))
    assert.deepEqual((await places(withoutTexts)).places, ['o src/cart.ts:7:3'])
  })

  test('is found in folders of folders, as the script is', async (t) => {
    const own = tmpDir(t)
    fs.cpSync(shop(t), path.join(own, 'shop'), { recursive: true })
    assert.deepEqual((await places(own)).places, MAPPED)
    // What is not on the script's path is another script's.
    fs.renameSync(path.join(own, 'shop'), path.join(own, 'other'))
    assert.deepEqual(await places(own), { places: (await places()).places, scripts: 0, passedOver: [] })
  })
})

describe('maps of other forms', () => {
  const comment = /\/\/# sourceMappingURL=.*/

  async function withComment (t, url, change) {
    const own = shop(t, change)
    const script = path.join(own, SCRIPT)
    fs.writeFileSync(script, fs.readFileSync(script, 'utf8').replace(comment, url && `//# sourceMappingURL=${url}`))
    return { own, answer: await places(own) }
  }

  test('are in the script itself, in another file, or beside it without a word', async (t) => {
    const json = JSON.stringify(map())
    const none = () => undefined
    for (const url of [`data:application/json;base64,${Buffer.from(json).toString('base64')}`, `data:application/json;charset=utf-8,${encodeURIComponent(json)}`]) {
      assert.deepEqual((await withComment(t, url, none)).answer, { places: MAPPED, scripts: 1, passedOver: [] })
    }
    const moved = (own, file) => fs.writeFileSync(path.join(path.dirname(file), 'a map.json'), JSON.stringify(own))
    assert.deepEqual((await withComment(t, 'a%20map.json', moved)).answer.places, MAPPED)
    assert.deepEqual((await withComment(t, '')).answer.places, MAPPED)
    assert.deepEqual((await withComment(t, 'http://127.0.0.1:1/x.map')).answer.places, MAPPED)
    // Whose map it is, a comment says; without one, the map may.
    assert.deepEqual((await withComment(t, MAP, (own) => ({ ...own, file: 'main.js' }))).answer.places, MAPPED)
  })

  test('have sections, a root, and the names of sources that bundlers give', async (t) => {
    const of = async (change) => (await places(shop(t, change))).places
    const { version, ...section } = map()
    assert.deepEqual(await of(() => ({ version, sections: [{ offset: { line: 0, column: 0 }, map: { version, ...section } }] })), MAPPED)
    assert.deepEqual(await of((own) => `)]}'\n${JSON.stringify(own)}`), MAPPED)
    for (const prefix of ['webpack://shop/./', 'webpack:///', '../../', '', path.join(path.parse(SHOP).root, 'shop.src', '..', '..') + path.sep]) {
      assert.deepEqual((await of((own) => ({ ...own, sources: own.sources.map((source) => prefix + source) })))[0].replace(/ \/src/, ' src'), MAPPED[0], prefix)
    }
    assert.deepEqual(await of((own) => ({ ...own, sourceRoot: '../src/', sources: own.sources.map((source) => path.basename(source)) })), MAPPED)
    const packed = await of((own) => ({ ...own, sources: own.sources.map((source) => `../node_modules/carts/${source}`) }))
    assert.deepEqual(packed, ['CustomerCart node_modules/carts/src/cart.ts:7:3'])
  })

  test('of the second section of a script begin where that says', async (t) => {
    const { version } = map()
    const empty = { version, sources: [], names: [], mappings: '' }
    const answer = await places(shop(t, (own) => ({ version, sections: [{ offset: { line: 0, column: 0 }, map: empty }, { offset: { line: 0, column: 20 }, map: own }] })))
    // Everything is twenty columns further: at the `(` of the constructor is what had been before the class.
    assert.deepEqual(answer.places, ['o src/cart.ts:4:8'])
  })
})

/** By what is wrong: what makes the map, and what is said of it. */
const WRONG = {
  'no JSON': [() => '{"version":3', /^is no source map: EOF/],
  'no object': [() => '[]', /^is no source map: /],
  'no map': [() => '{"name":"shop"}', /^is no source map of version 3$/],
  'another version': [(own) => ({ ...own, version: 2 }), /^is no source map of version 3$/],
  'no list of names': [(own) => ({ ...own, names: 'a' }), /^is no source map: /],
  'no digit of base 64': [(own) => ({ ...own, mappings: 'AAAA,!' }), /no digit of base 64/],
  'a source that is not there': [(own) => ({ ...own, mappings: 'AEAA', sources: ['a'] }), /out of range/],
  'a number without an end': [(own) => ({ ...own, mappings: 'g'.repeat(100_000) }), /out of range/],
  'a mapping of six numbers': [(own) => ({ ...own, mappings: 'AAAAAA' }), /more than five/],
  'deep nesting': [() => '{"version":3,"sections":[{"offset":{"line":0,"column":0},"map":'.repeat(100_000), /^is no source map: recursion limit/],
  'millions of names': [() => `{"version":3,"mappings":"","names":[${'"",'.repeat(2 ** 21)}""]}`, /more than 2097152 entries/],
  'millions of mappings': [() => `{"version":3,"sources":["a"],"mappings":"${'CAAA,'.repeat(2 ** 23)}CAAA"}`, /more than 8388608 mappings/],
  'the map of another file': [(own) => ({ ...own, file: 'dist/other.js' }), /^is the map of other\.js$/, ''],
  'too large': [(_, file) => {
    fs.writeFileSync(file, '')
    fs.truncateSync(file, 129 * 2 ** 20)
  }, /^has 135266304 bytes; at most 134217728 are read$/],
  'a directory': [(_, file) => fs.mkdirSync(file), /^is no file$/],
  'a named pipe': [(_, file) => { execFileSync('mkfifo', [file]) }, /^is no file$/, undefined, posix('named pipes')],
  'a device': [(_, file) => fs.symlinkSync('/dev/zero', file), /^is no file$/, undefined, posix('devices')],
  'a circle of links': [(_, file) => fs.symlinkSync(file, file), /^cannot be read: /, undefined, links()]
}

describe('a map that cannot be used leaves places as they were, and is told:', () => {
  for (const [what, [change, reason, comment, skip]] of Object.entries(WRONG)) {
    test(what, { skip }, async (t) => {
      const own = shop(t, change)
      if (comment !== undefined) fs.appendFileSync(path.join(own, SCRIPT), '\n//# sourceMappingURL=gone.map\n')
      const { places: unmapped } = await places()
      const { places: found, scripts, passedOver } = await places(own)
      assert.deepEqual({ found, scripts }, { found: unmapped, scripts: 0 })
      assert.equal(passedOver.length, 1, JSON.stringify(passedOver))
      assert.equal(passedOver[0].path, path.join(own, MAP))
      assert.match(passedOver[0].reason, reason)
    })
  }
})

test('a map that says nothing leaves places as they were, however long', async (t) => {
  const { places: unmapped } = await places()
  for (const mappings of ['', ';'.repeat(2 ** 24), 'A', 'A,'.repeat(2 ** 22), `;;${map().mappings}`]) {
    const answer = await places(shop(t, (own) => ({ ...own, mappings })))
    assert.deepEqual(answer, { places: unmapped, scripts: 1, passedOver: [] }, mappings.slice(0, 10))
  }
})

test('a script without a map, or that is not here, leaves places as they were without a word', async (t) => {
  const { places: unmapped } = await places()
  assert.deepEqual(await places(shop(t, () => undefined)), { places: unmapped, scripts: 0, passedOver: [] })
  assert.deepEqual(await places(tmpDir(t)), { places: unmapped, scripts: 0, passedOver: [] })
})

test('options that name no folders are refused', async (t) => {
  for (const sourceMaps of [1, '', [], null, {}, 'a\0b']) {
    await assert.rejects(openSnapshot(files[0], { sourceMaps }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /^Option `sourceMaps` must be true/))
  }
  await assert.rejects(openSnapshot(files[0], { sourceMaps: [SHOP, 1] }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /^Option `sourceMaps\[1\]` must be a folder that has maps; got 1/))
  const missing = path.join(tmpDir(t), 'missing')
  for (const sourceMaps of [missing, files[0], [SHOP, missing]]) {
    const refused = heapkitError('HEAPKIT_ERR_INVALID_OPTION', /^Option `sourceMaps` must name folders that have source maps, and .* is none$/)
    await assert.rejects(openSnapshot(files[0], { sourceMaps }), refused)
    await assert.rejects(diffSnapshots(files, { sourceMaps }), refused)
  }
  await assert.rejects(openSnapshot(files[0], { sourceMap: true }), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /did you mean `sourceMaps`/))
})

test('every command that reads a snapshot takes --source-maps, several times', async (t) => {
  const own = tmpDir(t)
  const heapkit = async (...args) => {
    const cli = run(t, '../../bin/heapkit.js', { args })
    const { code } = await cli.exit
    return { code, stdout: cli.stdout(), stderr: cli.stderr() }
  }
  const page = path.join(own, 'page.html')
  const maps = ['--source-maps', own, `--source-maps=${SHOP}`]
  for (const [args, expected] of [
    [['summary', files[1]], /CustomerCart +src\/cart\.ts:7:3 [^]*\n1 script has a source map\n$/],
    [['suspects', files[1]], /5,010 CustomerCart held by createSessions\(\) \(src\/sessions\.ts:4\): open/],
    [['retainers', files[1], 'CustomerCart'], /createSessions\(\) \(src\/sessions\.ts:4\)/],
    [['diff', ...files], /\+5,000 CustomerCart held by createSessions\(\) \(src\/sessions\.ts:4\)[^]*\n1 script has a source map\n$/],
    [['report', files[1], files[0], '-o', page], /page\.html/]
  ]) {
    const { code, stdout, stderr } = await heapkit(...args, ...maps)
    assert.equal(code, 0, stderr)
    assert.match(stdout, expected)
  }
  assert.match(fs.readFileSync(page, 'utf8'), /CustomerCart held by createSessions\(\) \(src\/sessions\.ts:4\)/)
  fs.writeFileSync(path.join(own, MAP), '{}')
  const { stdout } = await heapkit('summary', files[1], '--source-maps', own)
  assert.ok(stdout.endsWith(`\nNo script has a source map there\nPassed over: ${path.join(own, MAP)} is no source map of version 3\n`), stdout.slice(-300))
  assert.deepEqual(await heapkit('diff', ...files, '--source-maps', page), { code: 2, stdout: '', stderr: `heapkit: --source-maps must name folders that have source maps, and ${page} is none\n` })
  assert.match((await heapkit('summary', files[1], '--source-maps')).stderr, /--source-maps needs a value/)
})
