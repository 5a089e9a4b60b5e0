'use strict'

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const zlib = require('node:zlib')
const { configure, listArtifacts, startCpuProfile, startSampling, startTimeline, takeSnapshot } = require('..')
const { OWN_MOUNTS, links, linux, ownMounts, posix, success } = require('./needs')
const { tmpDir, ls, readArtifact, parseSnapshot, run, until, assertMode, heapkitError } = require('./support')

/** A small artifact: the sampling profile of next to nothing. */
async function capture (output) {
  const session = startSampling()
  try {
    return await session.stop(output)
  } finally {
    await session[Symbol.asyncDispose]()
  }
}

/** An artifact of long ago: `name`, `bytes` large. The higher its number, the younger. */
function plant (dir, number, bytes = 1000) {
  const name = `Heap.20250101.000000.1.0.${String(number).padStart(3, '0')}.heapprofile.gz`
  fs.writeFileSync(path.join(dir, name), Buffer.alloc(bytes))
  const time = Date.now() / 1000 - 10_000 + number
  fs.utimesSync(path.join(dir, name), time, time)
  return name
}

function names (...artifacts) {
  return artifacts.map((artifact) => path.basename(artifact.path ?? artifact)).sort()
}

/** Does steps in a child; see the fixture. */
async function steps (t, plan, options) {
  const child = run(t, 'files-steps.js', { args: [JSON.stringify(plan)], ...options })
  const { code } = await child.exit
  assert.equal(code, 0, child.stderr())
  return JSON.parse(child.stdout())
}

/** Runs Node where `dir` is a tmpfs of its own; `more` are shell commands that follow the mount. */
function onTmpfs (dir, size, more = 'true') {
  return [...OWN_MOUNTS, 'sh', '-c', `mount -t tmpfs -o size=${size} tmpfs "$0" && ${more} && exec "$@"`, dir]
}

// --- names and contents ---

test('every capture is named as Node names its files, for its user alone', async (t) => {
  const dir = path.join(tmpDir(t), 'made', 'for it')
  const artifacts = [
    await takeSnapshot({ dir }),
    await capture({ dir }),
    await startTimeline().stop({ dir }),
    await startCpuProfile().stop({ dir })
  ]
  const patterns = [/^Heap\..*\.heapsnapshot\.gz$/, /^Heap\..*\.heapprofile\.gz$/, /^Heap\..*\.heaptimeline\.gz$/, /^CPU\..*\.cpuprofile\.gz$/]
  const sequences = artifacts.map((artifact, index) => {
    const name = path.basename(artifact.path)
    assert.match(name, patterns[index])
    const [, date, time, pid, thread, sequence] = /^\w+\.(\d{8})\.(\d{6})\.(\d+)\.(\d+)\.(\d{3,})\./.exec(name)
    assert.deepEqual([Number(pid), thread], [process.pid, '0'])
    const written = new Date(`${date.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time.replace(/(..)(..)(..)/, '$1:$2:$3')}`)
    assert.ok(Math.abs(written - new Date(artifact.startedAt)) < 60_000, 'in local time')
    assertMode(artifact.path, 0o600)
    readArtifact(artifact)
    return Number(sequence)
  })
  assert.equal(new Set(sequences).size, 4)
  assert.deepEqual(ls(dir), names(...artifacts))
  assertMode(dir, 0o700)
  assertMode(path.dirname(dir), 0o700)
})

test('every codec and level holds the same text under its digest', async (t) => {
  const dir = tmpDir(t)
  for (const [compression, levels] of [['none', [undefined]], ['gzip', [undefined, 0, 1, 9]], ['zstd', [undefined, 1, 19]]]) {
    for (const level of levels) {
      const artifact = await capture({ dir, compression, level })
      assert.equal(artifact.compression, compression)
      assert.equal(path.extname(artifact.path), { none: '.heapprofile', gzip: '.gz', zstd: '.zst' }[compression])
      if (compression === 'zstd') checkZstdFrame(fs.readFileSync(artifact.path))
      // Before Node 22.15 there is nothing here to unpack zstd with: size and digest, which readArtifact() compares first,
      // and the frame's structure have to do. That the codec's output unpacks is tests/files.rs' to show.
      if (compression === 'zstd' && !zlib.zstdDecompressSync) assert.throws(() => readArtifact(artifact), /zstdDecompressSync/)
      else assert.ok(JSON.parse(readArtifact(artifact)).head)
    }
  }
  const snapshot = await takeSnapshot({ dir, compression: 'zstd', level: 1 })
  checkZstdFrame(fs.readFileSync(snapshot.path))
  if (zlib.zstdDecompressSync) parseSnapshot(readArtifact(snapshot))
})

/** One frame from the first byte to the last: RFC 8878, 3.1.1. */
function checkZstdFrame (packed) {
  assert.equal(packed.readUInt32LE(0), 0xFD2FB528)
  const descriptor = packed[4]
  const singleSegment = (descriptor >> 5) & 1
  const sizeBytes = [singleSegment, 2, 4, 8][descriptor >> 6]
  let at = 5 + (1 - singleSegment) + [0, 1, 2, 4][descriptor & 3] + sizeBytes
  for (let last = 0; !last;) {
    const header = packed.readUIntLE(at, 3)
    last = header & 1
    const type = (header >> 1) & 3
    assert.notEqual(type, 3, 'a reserved type of block')
    at += 3 + (type === 1 ? 1 : header >> 3)
  }
  assert.equal(at + ((descriptor >> 2) & 1) * 4, packed.length)
}

// --- names that are taken, directories that are none ---

for (const [what, put, isThere] of [
  ['a file', (name) => fs.writeFileSync(name, 'theirs'), (name) => fs.readFileSync(name, 'utf8') === 'theirs'],
  ['a directory', (name) => fs.mkdirSync(name), (name) => fs.statSync(name).isDirectory()],
  ['a link', (name) => fs.symlinkSync('nowhere', name), (name) => fs.readlinkSync(name) === 'nowhere']
]) {
  test(`${what} that somebody puts in the place of a temporary is neither published nor removed`, {
    skip: posix('an open file is replaced')
  }, async (t) => {
    const dir = tmpDir(t)
    let place
    const onProgress = () => {
      if (place !== undefined) return
      place = path.join(dir, ls(dir)[0])
      fs.unlinkSync(place)
      put(place)
    }
    await assert.rejects(takeSnapshot({ dir, mode: 'inline', onProgress }), heapkitError('HEAPKIT_ERR_IO', /removed or replaced while it was written/))
    assert.deepEqual(ls(dir), [path.basename(place)])
    assert.ok(isThere(place))
  })
}

test('a file that exists is never overwritten', async (t) => {
  const dir = tmpDir(t)
  const file = path.join(dir, 'mine.data')
  fs.writeFileSync(file, 'precious')
  await assert.rejects(capture({ file }), (error) => {
    assert.equal(error.path, file)
    return heapkitError('HEAPKIT_ERR_EXISTS', /mine\.data exists; .*remove it or choose another name/)(error)
  })
  await assert.rejects(takeSnapshot({ file }), heapkitError('HEAPKIT_ERR_EXISTS'))
  assert.equal(fs.readFileSync(file, 'utf8'), 'precious')
  assert.deepEqual(ls(dir), ['mine.data'])
  assert.equal((await capture({ file: `${file}.gz` })).path, `${file}.gz`)
})

test('a file that appears while V8 is at work is not overwritten either', async (t) => {
  const dir = tmpDir(t)
  const file = path.join(dir, 'mine.heapsnapshot')
  let reports = 0
  const onProgress = () => { if (++reports === 1) fs.writeFileSync(file, 'precious', { flag: 'wx' }) }
  await assert.rejects(takeSnapshot({ file, mode: 'inline', compression: 'none', onProgress }), heapkitError('HEAPKIT_ERR_EXISTS'))
  assert.equal(fs.readFileSync(file, 'utf8'), 'precious')
  assert.deepEqual(ls(dir), ['mine.heapsnapshot'])
})

test('a link is never written through', { skip: links() }, async (t) => {
  const dir = tmpDir(t)
  const file = path.join(dir, 'link')
  fs.symlinkSync(path.join(dir, 'nowhere'), file)
  await assert.rejects(capture({ file }), heapkitError('HEAPKIT_ERR_EXISTS'))
  assert.deepEqual(ls(dir), ['link'])
  assert.equal(fs.readlinkSync(file), path.join(dir, 'nowhere'))
})

test('a link to a directory will do', { skip: links() }, async (t) => {
  const dir = tmpDir(t)
  fs.mkdirSync(path.join(dir, 'real'))
  fs.symlinkSync('real', path.join(dir, 'link'))
  const artifact = await capture({ dir: path.join(dir, 'link') })
  assert.equal(path.dirname(artifact.path), path.join(dir, 'link'))
  assert.deepEqual(ls(path.join(dir, 'real')), names(artifact))
})

test('a directory that is a file, or below one, is an invalid option', async (t) => {
  const dir = tmpDir(t)
  const file = path.join(dir, 'file')
  fs.writeFileSync(file, 'precious')
  for (const place of [file, path.join(file, 'below')]) {
    const named = (option) => (error) => {
      assert.equal(error.option, option)
      return heapkitError('HEAPKIT_ERR_INVALID_OPTION', new RegExp(`\`${option}\`.*${place.replaceAll('\\', '\\\\')}`))(error)
    }
    await assert.rejects(takeSnapshot({ dir: place }), named('dir'))
    await assert.rejects(capture({ dir: place }), named('dir'))
    await assert.rejects(capture({ file: path.join(place, 'x') }), named('file'))
  }
  assert.deepEqual(ls(dir), ['file'])
  assert.equal(fs.readFileSync(file, 'utf8'), 'precious')
})

// --- volumes ---

test('a volume that runs full refuses with the numbers, leaves nothing, and the next capture works', { skip: ownMounts() }, async (t) => {
  const dir = tmpDir(t)
  const other = tmpDir(t)
  const [snapshot, leftovers, small, sampling, next, left] = await steps(t, [
    { call: 'snapshot', options: { dir, compression: 'none', minFreeBytes: 0 } },
    { ls: dir },
    { call: 'sampling', options: { dir, minFreeBytes: 0 } },
    { call: 'sampling', options: { dir } },
    { call: 'snapshot', options: { dir: other } },
    { ls: dir }
  ], { command: onTmpfs(dir, '2m') })
  assert.equal(snapshot.name, 'HeapkitError')
  assert.equal(snapshot.code, 'HEAPKIT_ERR_NO_SPACE')
  assert.match(snapshot.message, /^No room for .*: the volume is full after \d{6,7} bytes; free space there or choose another `dir`/)
  assert.equal(snapshot.cause.code, 'ENOSPC')
  assert.deepEqual(leftovers, [])
  assert.equal(path.dirname(small.path), dir, 'there is room for a small one')
  // The default is to leave the volume 64 MiB.
  assert.equal(sampling.code, 'HEAPKIT_ERR_NO_SPACE')
  assert.match(sampling.message, /has \d{7} bytes free and `minFreeBytes` keeps 67108864; free \d{8} bytes/)
  parseSnapshot(readArtifact(next))
  assert.deepEqual(left, names(small))
})

test('a read-only volume is an error of the system, and the next capture works', { skip: ownMounts() }, async (t) => {
  const dir = tmpDir(t)
  const other = tmpDir(t)
  // Root may write whatever the mode says, but not to a volume that is mounted read-only.
  const command = onTmpfs(dir, '2m', 'mount -o remount,ro "$0"')
  const [snapshot, below, leftovers, next] = await steps(t, [
    { call: 'snapshot', options: { dir, minFreeBytes: 0 } },
    { call: 'sampling', options: { dir: path.join(dir, 'below'), minFreeBytes: 0 } },
    { ls: dir },
    { call: 'snapshot', options: { dir: other } }
  ], { command })
  assert.equal(snapshot.code, 'HEAPKIT_ERR_IO')
  assert.deepEqual(snapshot.cause, { code: 'EROFS', syscall: 'open' })
  assert.match(snapshot.message, /choose a directory that this process may write to \(`dir`, HEAPKIT_DIR\)/)
  assert.equal(below.code, 'HEAPKIT_ERR_IO')
  assert.deepEqual(below.cause, { code: 'EROFS', syscall: 'mkdir' })
  assert.deepEqual(leftovers, [])
  parseSnapshot(readArtifact(next))
})

// --- quotas ---

test('maxFiles keeps the youngest, and nothing that is not an artifact counts', async (t) => {
  const dir = tmpDir(t)
  plant(dir, 1)
  const second = plant(dir, 2)
  fs.writeFileSync(path.join(dir, 'notes.heapprofile.gz'), '')
  const artifact = await capture({ dir, maxFiles: 2 })
  assert.deepEqual(ls(dir), names(second, artifact, 'notes.heapprofile.gz'))
})

test('maxBytes makes room by removing the oldest, and says when one artifact alone is too large', async (t) => {
  const dir = tmpDir(t)
  plant(dir, 1, 1_000_000)
  const second = plant(dir, 2, 1_000_000)
  // Room for one of the two and for a small profile.
  const artifact = await capture({ dir, compression: 'none', maxBytes: 1_999_999 })
  assert.deepEqual(ls(dir), names(second, artifact))
  await assert.rejects(capture({ dir, maxBytes: 10 }),
    heapkitError('HEAPKIT_ERR_NO_SPACE', /this artifact alone has \d+ bytes so far, and `maxBytes` allows 10 /))
  assert.deepEqual(ls(dir), names(second, artifact), 'a capture that comes to nothing costs no artifact')
})

test('a snapshot that passes maxBytes is refused with the numbers and leaves nothing', async (t) => {
  const dir = tmpDir(t)
  await assert.rejects(takeSnapshot({ dir, compression: 'none', maxBytes: 1_000_000 }),
    heapkitError('HEAPKIT_ERR_NO_SPACE', /has \d{7,} bytes so far, and `maxBytes` allows 1000000 /))
  assert.deepEqual(ls(dir), [])
  parseSnapshot(readArtifact(await takeSnapshot({ dir })))
})

test('maxAgeMs removes what is older', async (t) => {
  const dir = tmpDir(t)
  plant(dir, 1)
  const first = await capture({ dir })
  const second = await capture({ dir, maxAgeMs: 3_600_000 })
  assert.deepEqual(ls(dir), names(first, second))
})

test('artifacts that cannot be removed are passed over, and named once', async (t) => {
  const dir = tmpDir(t)
  const stuck = [plant(dir, 1), plant(dir, 2)]
  const files = stuck.map((name) => path.join(dir, name))
  const why = success('root, and files that can be immutable', ['chattr', '+i', ...files])
  if (why) return t.skip(why)
  const warnings = []
  const onWarning = ({ name, code, message }) => warnings.push({ name, code, message })
  process.on('warning', onWarning)
  try {
    await capture({ dir, maxAgeMs: 3_600_000, maxFiles: 2 })
    const youngest = [await capture({ dir, maxFiles: 2 }), await capture({ dir, maxFiles: 2 })]
    // Those that stay count for nothing.
    assert.deepEqual(ls(dir), names(...stuck, ...youngest))
    // Warnings come on the next tick.
    await new Promise(setImmediate)
  } finally {
    process.off('warning', onWarning)
    // Before the directory is removed.
    spawnSync('chattr', ['-i', ...files])
  }
  assert.equal(warnings.length, 1, JSON.stringify(warnings))
  const [{ name, code, message }] = warnings
  assert.deepEqual([name, code], ['HeapkitWarning', 'HEAPKIT_WARN_NOT_REMOVED'])
  for (const file of files) assert.equal(message.split(file).length, 2, message)
  assert.match(message, /cannot be removed: .*\(Operation not permitted/)
})

test('minFreeBytes that the volume does not have refuses before V8 is asked for anything', async (t) => {
  const dir = tmpDir(t)
  const old = plant(dir, 1)
  const needed = 2 ** 52
  for (const bound of [{}, { maxFiles: 5 }]) {
    await assert.rejects(takeSnapshot({ dir, minFreeBytes: needed, ...bound }),
      heapkitError('HEAPKIT_ERR_NO_SPACE', new RegExp(`has \\d+ bytes free and \`minFreeBytes\` keeps ${needed}; free \\d+ bytes`)))
    assert.deepEqual(ls(dir), [old], 'nothing is removed in vain')
  }
})

test('a session whose output is refused goes on, and can be stopped elsewhere', async (t) => {
  const dir = tmpDir(t)
  const session = startSampling()
  await assert.rejects(session.stop({ dir, minFreeBytes: 2 ** 52 }), heapkitError('HEAPKIT_ERR_NO_SPACE'))
  const artifact = await session.stop({ dir })
  assert.deepEqual(ls(dir), names(artifact))
})

test('quotas come from the call, else from configure(), else from the environment', async (t) => {
  const dir = tmpDir(t)
  const quota = async (plan, env) => {
    const away = tmpDir(t)
    for (const number of [1, 2, 3, 4]) plant(away, number, 1_000_000)
    const outcomes = await steps(t, plan.map((one) => one.call ? { ...one, options: { dir: away, ...one.options } } : one), { env })
    return { outcome: outcomes.at(-1), left: ls(away).length }
  }
  const call = (options) => ({ call: 'sampling', options })
  const env = { HEAPKIT_DIR: dir, HEAPKIT_MAX_FILES: '4' }
  assert.equal((await quota([call()], env)).left, 4)
  assert.equal((await quota([{ configure: { maxFiles: 3 } }, call()], env)).left, 3)
  assert.equal((await quota([{ configure: { maxFiles: 3 } }, call({ maxFiles: 2 })], env)).left, 2)
  assert.equal((await quota([call({ maxBytes: 2_500_000 })], env)).left, 3)
  const tooLarge = await quota([call()], { HEAPKIT_MAX_BYTES: '1' })
  assert.equal(tooLarge.outcome.code, 'HEAPKIT_ERR_NO_SPACE')
  assert.match(tooLarge.outcome.message, /`maxBytes` allows 1 /)
  assert.equal(tooLarge.left, 4)
  const noRoom = await quota([call()], { HEAPKIT_MIN_FREE_BYTES: '1000000g' })
  assert.match(noRoom.outcome.message, /`minFreeBytes` keeps 1073741824000000;/)
  assert.equal(noRoom.left, 4)
})

test('configure() holds for every capture until it is called again', async (t) => {
  const dir = tmpDir(t)
  t.after(() => configure({}))
  configure({ dir, maxFiles: 2, compression: 'none' })
  await capture()
  const [second, third] = [await capture(), await startCpuProfile().stop()]
  assert.deepEqual(ls(dir), names(second, third))
  configure({ dir })
  assert.equal(path.extname((await capture()).path), '.gz')
  assert.equal(ls(dir).length, 3)
})

test('an exact file takes no part in the quotas of its directory', async (t) => {
  const dir = tmpDir(t)
  const old = plant(dir, 1)
  await capture({ file: path.join(dir, 'mine'), maxFiles: 1, maxBytes: 1, maxAgeMs: 1 })
  assert.deepEqual(ls(dir), names(old, 'mine'))
})

// --- processes that end in between ---

test('a process that is killed while it writes leaves no file with a final name, and the next capture cleans up', async (t) => {
  const dir = tmpDir(t)
  const child = run(t, 'files-midway.js', { args: [dir, 'block'] })
  await child.line(/midway/)
  // The child stays where it is; its writer puts out what it has.
  const [partial] = await until(() => ls(dir).length > 0 && fs.statSync(path.join(dir, ls(dir)[0])).size > 0 && ls(dir), 'a partial file')
  assert.match(partial, /^Heap\..*\.heapsnapshot\.heapkit-\d+-[0-9a-f]{16}\.partial$/)
  assert.deepEqual(await listArtifacts(dir), [])
  const meanwhile = await capture({ dir })
  assert.deepEqual(ls(dir), names(meanwhile, partial), 'what a living process writes is not swept')
  child.child.kill('SIGKILL')
  assert.equal((await child.exit).signal, 'SIGKILL')
  assert.deepEqual(ls(dir), names(meanwhile, partial))
  const next = await capture({ dir })
  assert.deepEqual(ls(dir), names(meanwhile, next))
})

for (const [how, what] of [
  ['exit', 'process.exit() in the middle of a snapshot'],
  ['once', 'process.exit() right after takeSnapshot()']
]) {
  test(`${what} leaves nothing`, async (t) => {
    const dir = tmpDir(t)
    const child = run(t, 'files-midway.js', { args: [dir, how] })
    assert.deepEqual(await child.exit, { code: 7, signal: null })
    if (how === 'exit') assert.match(child.stdout(), /midway/)
    assert.deepEqual(ls(dir), [])
  })
}

test('an uncaught exception during a snapshot leaves nothing, or the whole of it', async (t) => {
  const dir = tmpDir(t)
  const child = run(t, 'files-midway.js', { args: [dir, 'throw'] })
  assert.deepEqual(await child.exit, { code: 1, signal: null })
  // V8 cannot be interrupted, and the writer may be done before the application gets to its mistake.
  for (const name of ls(dir)) {
    assert.match(name, /\.heapsnapshot$/)
    parseSnapshot(fs.readFileSync(path.join(dir, name), 'utf8'))
  }
})

// --- the list ---

test('the list tells of each artifact what its name says, the oldest first', async (t) => {
  const dir = tmpDir(t)
  assert.deepEqual(await listArtifacts(path.join(dir, 'none')), [])
  assert.deepEqual(await listArtifacts(dir), [])
  const snapshot = await takeSnapshot({ dir, compression: 'none' })
  const cpu = await startCpuProfile().stop({ dir, compression: 'zstd' })
  const later = Date.now() / 1000 + 10
  fs.utimesSync(cpu.path, later, later)
  const old = plant(dir, 7)
  fs.writeFileSync(path.join(dir, `${old}.heapkit-1-0123456789abcdef.partial`), '')
  fs.writeFileSync(path.join(dir, 'notes.txt'), '')
  fs.mkdirSync(path.join(dir, old.replace('007', '008')))
  if (!links()) fs.symlinkSync(old, path.join(dir, old.replace('007', '009')))
  const listed = await listArtifacts(dir)
  assert.deepEqual(listed.map(({ createdAt, ...rest }) => rest), [
    { kind: 'sampling', format: 'heapprofile', path: path.join(dir, old), bytes: 1000, compression: 'gzip', pid: 1, threadId: 0 },
    ...[snapshot, cpu].map(({ kind, format, path, bytes, compression, pid, threadId }) => ({ kind, format, path, bytes, compression, pid, threadId }))
  ])
  assert.equal(listed[0].createdAt, new Date(2025, 0, 1).toISOString())
  assert.ok(Math.abs(new Date(listed[1].createdAt) - new Date(snapshot.startedAt)) < 60_000)
})

test('the list is of the directory that captures go to, if none is given', async (t) => {
  const dir = tmpDir(t)
  t.after(() => configure({}))
  configure({ dir })
  const artifact = await capture()
  assert.deepEqual(names(...await listArtifacts()), names(artifact))
  for (const wrong of ['', 'a\0b', 7, null]) {
    await assert.rejects(listArtifacts(wrong), heapkitError('HEAPKIT_ERR_INVALID_OPTION', /`dir`/))
  }
  fs.writeFileSync(path.join(dir, 'file'), '')
  await assert.rejects(listArtifacts(path.join(dir, 'file')), (error) => {
    assert.equal(error.cause.code, 'ENOTDIR')
    return heapkitError('HEAPKIT_ERR_IO')(error)
  })
})

test('a service that writes to standard streams which it has closed does not write into its artifacts', { skip: posix('descriptors that are small numbers') }, async (t) => {
  const answers = path.join(tmpDir(t), 'answers.json')
  await run(t, 'closed-streams.js', { args: [tmpDir(t), answers] }).exit
  const outcomes = JSON.parse(fs.readFileSync(answers, 'utf8'))
  assert.deepEqual(outcomes, outcomes.map(() => true))
  assert.ok(outcomes.length >= 2)
})

test('where there is no /dev everything works, also for a service that has closed its standard streams', { skip: ownMounts() }, async (t) => {
  const answers = path.join(tmpDir(t), 'answers.json')
  const command = [...OWN_MOUNTS, 'sh', '-c', 'mount -t tmpfs tmpfs /dev && exec "$@"', 'sh']
  await run(t, 'closed-streams.js', { args: [tmpDir(t), answers], command }).exit
  const outcomes = JSON.parse(fs.readFileSync(answers, 'utf8'))
  assert.deepEqual(outcomes, [true, true, true, true])
})

test('a working directory that was removed does not matter to absolute paths, and is named where a path is relative', { skip: posix('a directory is removed while somebody is in it') }, async (t) => {
  const [dir, gone] = [tmpDir(t), path.join(tmpDir(t), 'gone')]
  const command = ['sh', '-c', 'mkdir "$0" && cd "$0" && rmdir "$0" && exec "$@"', gone]
  const [artifact, ...relative] = await steps(t, [
    { call: 'sampling', options: { dir } },
    { call: 'sampling', options: {} },
    { call: 'sampling', options: { dir: 'x' } },
    { call: 'sampling', options: { file: 'x.heapprofile' } },
    { call: 'snapshot', options: { dir: 'x' } }
  ], { command })
  assert.equal(path.dirname(artifact.path), dir)
  for (const { name, code, message } of relative) {
    assert.deepEqual([name, code], ['HeapkitError', 'HEAPKIT_ERR_IO'])
    assert.match(message, /working directory of this process was removed/)
  }
})

test('a working directory whose name is not UTF-8 is used as it is', { skip: linux('a name that is not UTF-8') }, async (t) => {
  const outer = tmpDir(t)
  const command = ['sh', '-c', 'd="$0/$(printf "caf\\351")"; mkdir "$d" && cd "$d" && exec "$@"', outer]
  const artifacts = await steps(t, [{ call: 'sampling', options: {} }, { call: 'sampling', options: { dir: 'inner' } }], { command })
  const [cafe] = fs.readdirSync(outer, { encoding: 'buffer' })
  assert.equal(cafe.toString('latin1'), 'café')
  const found = fs.readdirSync(Buffer.concat([Buffer.from(`${outer}/`), cafe])).sort()
  assert.deepEqual(found, [path.basename(artifacts[0].path), 'inner'].sort())
})
