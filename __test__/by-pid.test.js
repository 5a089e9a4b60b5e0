'use strict'

// Commands about a process that nobody prepared: they answer, also where it hangs, and leave it as it was; or they say why not, and leave it alone.

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const fs = require('node:fs')
const net = require('node:net')
const path = require('node:path')
const { test } = require('node:test')
const { setTimeout: sleep } = require('node:timers/promises')
const { isDeepStrictEqual } = require('node:util')
const zlib = require('node:zlib')
const { linux, ownSleep } = require('./needs')
const { tmpDir, run, ls, until, readArtifact, parseSnapshot, countObjects } = require('./support')
const { openProfile } = require('..')

const skip = linux('processes are found in /proc')
const BIN = '../../bin/heapkit.js'
/** What Node itself says of its inspector; that it ends it does not say everywhere. */
const NODES_OWN = /^(Debugger (listening on|attached|ending on).*|For help, see: .*|)$/

/** A program that does one of the things of the fixture, with a port of its own. */
async function program (t, way, { node = [], ...options } = {}) {
  const service = run(t, 'by-pid.js', { args: [way], node: ['--inspect-port=0', ...node], ...options })
  await service.line(/ready/)
  return service
}

/** Runs bin/heapkit.js to its end. */
async function heapkit (t, args, options) {
  const cli = run(t, BIN, { args: args.map(String), ...options })
  const { code, signal } = await cli.exit
  return { code: code ?? signal, stdout: cli.stdout(), stderr: cli.stderr() }
}

async function asked (t, args, options) {
  const { code, stdout, stderr } = await heapkit(t, [...args, '--json'], options)
  assert.deepEqual([code, stderr], [0, ''])
  return JSON.parse(stdout)
}

/** Its descriptors and threads, as Linux tells. */
function facts (pid) {
  const links = fs.readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/\d+/, 'N')
    } catch {
      return 'closed meanwhile'
    }
  })
  return { links: links.sort(), threads: fs.readdirSync(`/proc/${pid}/task`).length }
}

/** The same when it has begun: Node starts and ends threads of its own at first. */
async function settled (pid) {
  let last
  await until(async () => {
    const before = last
    await sleep(50)
    last = facts(pid)
    return isDeepStrictEqual(before, last)
  }, 'the end of its beginning')
  return last
}

/** Threads take a moment to end. */
function asBefore (pid, before) {
  return until(() => isDeepStrictEqual(facts(pid), before), `${JSON.stringify(before)}; there is ${JSON.stringify(facts(pid))}`)
}

function mainIs (pid, pattern) {
  return until(() => pattern.test(fs.readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '')), 'its main thread')
}

for (const [way, names] of [['loop', ['hang', 'handleRequest', 'Timeout.onTimer']], ['regexp', ['matchEmail', 'Timeout.onTimer']]]) {
  test(`the stack of a process that hangs (${way}) names what it is in, and it hangs on`, { skip }, async (t) => {
    const { child: { pid }, ...service } = await program(t, way)
    const { frames, threads, nodeVersion, reason } = await asked(t, ['stack', pid])
    const seen = frames.map(({ name }) => name.replace(/ \[as .*/, '')).filter((name) => !name.startsWith('RegExp.') && !name.startsWith('String.'))
    assert.deepEqual(seen.slice(0, names.length), names)
    assert.ok(frames.some(({ file, line, column }) => file.endsWith('by-pid.js') && line > 0 && column > 0))
    assert.deepEqual([nodeVersion, reason, threads[0].tid], [process.version, null, pid])
    await mainIs(pid, /^R/)
    for (const line of service.stderr().split('\n')) assert.match(line, NODES_OWN)
  })
}

test('a process that waits for events has no frames, and what its threads wait for is told', { skip }, async (t) => {
  const { child: { pid } } = await program(t, 'idle')
  const { frames, threads } = await asked(t, ['stack', pid])
  assert.deepEqual([frames, threads[0].tid, threads[0].state], [[], pid, 'S'])
  const { stdout } = await heapkit(t, ['stack', pid])
  assert.match(stdout, new RegExp(`^Process ${pid}, Node\\.js ${process.version}: its main thread waits for events, with \\d+\\.\\d % of a processor\\n\\n +TID +THREAD +CPU +STATE\\n`))
})

test('afterwards nothing listens, no descriptor and no thread is left, and it can be asked again', { skip }, async (t) => {
  const { child: { pid }, ...service } = await program(t, 'ticks')
  const before = await settled(pid)
  for (const args of [['stack', pid], ['cpu', pid, '--seconds', 1, '--dir', tmpDir(t)], ['stack', pid]]) {
    await asked(t, args)
    await asBefore(pid, before)
  }
  const ticks = service.stdout().length
  await until(() => service.stdout().length > ticks, 'another tick')
  for (const line of service.stderr().split('\n')) assert.match(line, NODES_OWN)
})

test('what a program has put into Error is neither run nor lost', { skip }, async (t) => {
  const { child: { pid }, ...service } = await program(t, 'own')
  let frames
  // It may be caught in between two rounds.
  do ({ frames } = await asked(t, ['stack', pid])); while (!/onInterval/.test(frames[0]?.name))
  assert.equal(service.stdout(), 'ready\n')
})

test('a main thread in native code, or asleep in the kernel, is told by what the kernel knows', { skip }, async (t) => {
  const { child: { pid }, ...service } = await program(t, 'waits')
  await mainIs(pid, /^S/)
  const { frames, reason, threads } = await asked(t, ['stack', pid])
  assert.equal(frames, null)
  assert.match(reason, new RegExp(`^The main thread of process ${pid} runs no JavaScript that could be interrupted: it waits in \\S+\\. It was left alone$`))
  assert.equal(threads[0].state, 'S')
  assert.equal(service.stderr(), '', 'no signal was sent')
  const native = await program(t, 'native')
  const answer = await asked(t, ['stack', native.child.pid])
  assert.equal(answer.frames, null)
  assert.match(answer.reason, /has not opened its inspector within 5 s\. If its main thread is in native code \(it runs\), it opens as soon as .* `heapkit detach \d+` closes it then/)
})

test('a CPU profile of a process that hangs names the function, in any format, where the caller wants it', { skip }, async (t) => {
  const { child: { pid } } = await program(t, 'loop')
  const dir = tmpDir(t)
  const { stdout } = await heapkit(t, ['cpu', pid, '--seconds', 1, '--dir', dir])
  const [name] = ls(dir)
  assert.match(name, new RegExp(`^CPU\\.\\d{8}\\.\\d{6}\\.${pid}\\.0\\.\\d{3}\\.cpuprofile\\.gz$`))
  assert.match(stdout, /^Hottest: (hang|handleRequest) \S+by-pid\.js:\d+, \d+\.\d % of the time in functions; `heapkit top` has the rest$/m)
  const artifact = await asked(t, ['cpu', pid, '--seconds', 1, '-o', path.join(dir, 'a.pb.gz')])
  assert.deepEqual([artifact.format, artifact.pid, artifact.threadId, artifact.nodeVersion], ['pprof', pid, 0, process.version])
  const profile = await openProfile(artifact.path)
  t.after(() => profile.close())
  assert.ok(profile.comments.includes(`process ${pid}, thread 0`), profile.comments.join())
  assert.match((await profile.top()).rows[0].name, /^(hang|handleRequest)$/)
  const folded = await heapkit(t, ['cpu', pid, '--seconds', 1, '--format', 'folded', '-o', '-'])
  assert.match(folded.stdout, /handleRequest.* \d+\n$/)
  assert.deepEqual(ls(dir), [name, 'a.pb.gz'])
})

test('a snapshot is taken by a child of the process, written here, and the process goes on', { skip }, async (t) => {
  const { child: { pid }, ...service } = await program(t, 'leaks')
  const dir = tmpDir(t)
  const cwd = tmpDir(t)
  const artifact = await asked(t, ['snapshot', pid, '--dir', dir], { cwd })
  assert.match(ls(dir).join(), new RegExp(`^Heap\\.\\d{8}\\.\\d{6}\\.${pid}\\.0\\.\\d{3}\\.heapsnapshot\\.gz$`))
  assert.deepEqual([artifact.mode, artifact.pid, artifact.nodeVersion, artifact.path], ['fork', pid, process.version, path.join(dir, ls(dir)[0])])
  assert.ok(countObjects(parseSnapshot(readArtifact(artifact)), 'Session') > 0)
  const redacted = await asked(t, ['snapshot', pid, '--strict', '-o', path.join(dir, 'a.heapsnapshot')])
  assert.equal(redacted.redacted.strict, true)
  parseSnapshot(readArtifact(redacted))
  const cli = run(t, BIN, { args: ['snapshot', String(pid), '-o', path.join(dir, 'b.heapsnapshot')], cwd })
  assert.deepEqual(await cli.exit, { code: 0, signal: null })
  assert.match(cli.stdout(), /b\.heapsnapshot {2}\d+\.\d MiB, unpacked \d+\.\d MiB\nThe process's JavaScript stood still for \d+\.\d ms\n$/)
  assert.deepEqual(ls(cwd), [])
  for (const line of service.stderr().split('\n')) assert.match(line, NODES_OWN)
})

test('a sampling profile names who allocates what is alive, or all that was, and no session is left', { skip }, async (t) => {
  const { child: { pid } } = await program(t, 'leaks')
  const dir = tmpDir(t)
  for (const more of [[], ['--allocations']]) {
    const { code, stdout, stderr } = await heapkit(t, ['sampling', pid, '--seconds', 1, '--interval', 1024, '--dir', dir, ...more])
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^Greatest: (createSessions|Session|push) .*, \d+\.\d (KiB|MiB) \(\d+\.\d %\); `heapkit top` has the rest$/m)
  }
  const artifact = await asked(t, ['sampling', pid, '--seconds', 1, '--interval', 1024, '-o', path.join(dir, 'a.pb.gz')])
  assert.deepEqual([artifact.kind, artifact.format, artifact.pid], ['sampling', 'pprof', pid])
})

test('where the event loop does not turn, what needs it says so, with the place, and nothing is left', { skip }, async (t) => {
  const { child: { pid } } = await program(t, 'loop')
  const before = await settled(pid)
  const { code, stderr } = await heapkit(t, ['snapshot', pid, '--dir', tmpDir(t)])
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`^heapkit: The event loop of process ${pid} has not turned for 5 s: it is in hang \\(\\S+by-pid\\.js:\\d+\\)\\. That is needed for this; \`heapkit stack\` and \`heapkit cpu\` do without\n$`))
  await asBefore(pid, before)
})

test('what heapkit refuses in the process is told here', { skip }, async (t) => {
  const { child: { pid } } = await program(t, 'idle', { env: { HEAPKIT_DISABLE_SNAPSHOTS: '1' } })
  const dir = tmpDir(t)
  const { code, stderr } = await heapkit(t, ['snapshot', pid, '--dir', dir])
  assert.equal(code, 1)
  assert.match(stderr, /^heapkit: .*HEAPKIT_DISABLE_SNAPSHOTS/)
  assert.deepEqual(ls(dir), [])
})

test('a process that ends meanwhile is not held up, and what there is of it is kept', { skip }, async (t) => {
  const service = await program(t, 'ends', { stdio: ['pipe', 'pipe', 'pipe'] })
  const dir = tmpDir(t)
  const cli = run(t, BIN, { args: ['cpu', String(service.child.pid), '--seconds', '86400', '--dir', dir] })
  await service.line(/Debugger attached/)
  await until(() => ls(dir).length > 0, 'the open output')
  service.child.stdin.write('end\n')
  assert.deepEqual(await service.exit, { code: 7, signal: null })
  assert.deepEqual(await cli.exit, { code: 0, signal: null }, cli.stderr())
  const [name] = ls(dir)
  assert.ok(JSON.parse(zlib.gunzipSync(fs.readFileSync(path.join(dir, name)))).samples.length >= 0)
})

for (const [way, args] of [['snapshot', []], ['snapshot', ['-o', '-']], ['sampling', ['--seconds', '86400']]]) {
  test(`a process that ends while it is asked (${[way, ...args].join(' ')}) is not held up, and the command says so`, { skip }, async (t) => {
    const service = await program(t, 'ends', { stdio: ['pipe', 'pipe', 'pipe'], env: { LARGE: '1' } })
    const cli = run(t, BIN, { args: [way, String(service.child.pid), ...args], cwd: tmpDir(t), stdio: ['ignore', 'pipe', 'pipe'] })
    // A reader that takes nothing.
    cli.child.stdout.removeAllListeners('data').pause()
    await until(() => fs.readFileSync(`/proc/${service.child.pid}/maps`, 'latin1').includes('/heapkit.'), 'heapkit in the process')
    service.child.stdin.write('end\n')
    assert.deepEqual(await service.exit, { code: 7, signal: null })
    cli.child.stdout.resume()
    assert.deepEqual(await cli.exit, { code: 1, signal: null })
    assert.match(cli.stderr(), /^heapkit: Process \d+ ended/)
  })
}

test('Ctrl-Z gives a profile up, because a command that sleeps would hold the process up at its end', { skip }, async (t) => {
  const service = await program(t, 'ends', { stdio: ['pipe', 'pipe', 'pipe'] })
  const dir = tmpDir(t)
  const cli = run(t, BIN, { args: ['cpu', String(service.child.pid), '--seconds', '86400', '--dir', dir] })
  await until(() => ls(dir).length > 0, 'the open output')
  cli.child.kill('SIGTSTP')
  assert.deepEqual(await cli.exit, { code: 148, signal: null })
  service.child.stdin.write('end\n')
  assert.deepEqual(await service.exit, { code: 7, signal: null })
})

test('a program that has replaced or removed its globals, or has frozen Error, can be asked, and is left as it was', { skip }, async (t) => {
  const { child: { pid } } = await program(t, 'bare')
  const before = await settled(pid)
  let frames
  // It may be caught in between two rounds.
  do ({ frames } = await asked(t, ['stack', pid])); while (!/onInterval/.test(frames[0]?.name))
  assert.ok(frames[0].file.endsWith('by-pid.js') && frames[0].line > 0)
  await asBefore(pid, before)
  const { code, stderr } = await heapkit(t, ['sampling', pid, '--seconds', 1, '--dir', tmpDir(t)])
  assert.equal(code, 1)
  assert.match(stderr, /^heapkit: heapkit cannot be loaded in process \d+: /)
  await asBefore(pid, before)
})

test('sampling that the program has begun itself is not ended', { skip }, async (t) => {
  const { child: { pid }, ...service } = await program(t, 'samples')
  const { code, stderr } = await heapkit(t, ['sampling', pid, '--seconds', 1, '--dir', tmpDir(t)])
  assert.equal(code, 1)
  assert.match(stderr, /^heapkit: V8 samples the heap of this thread already, for somebody else/)
  await service.line(/own profile: object/)
})

test('another program of the name gets no signal', { skip: skip || ownSleep() }, async (t) => {
  const dir = tmpDir(t)
  fs.copyFileSync(fs.realpathSync('/bin/sleep'), path.join(dir, 'node'))
  const other = spawn(path.join(dir, 'node'), ['1000'])
  t.after(() => other.kill('SIGKILL'))
  await until(() => fs.readlinkSync(`/proc/${other.pid}/exe`) === path.join(dir, 'node'), 'the program')
  assert.match((await heapkit(t, ['stack', other.pid])).stderr, /does not look like Node\.js: its program is node\./)
  assert.equal(other.signalCode, null)
})

test('no other server of the process is asked for anything', { skip }, async (t) => {
  const { child: { pid }, ...service } = await program(t, 'hears')
  await asked(t, ['stack', pid])
  assert.doesNotMatch(service.stdout(), /heard/)
})

test('Ctrl-C gives a profile up, leaves no file, and leaves the process as it was', { skip }, async (t) => {
  const { child: { pid } } = await program(t, 'ticks')
  const before = await settled(pid)
  const dir = tmpDir(t)
  const cli = run(t, BIN, { args: ['cpu', String(pid), '--seconds', '86400', '--dir', dir] })
  await until(() => ls(dir).length > 0, 'the open output')
  cli.child.kill('SIGINT')
  assert.deepEqual(await cli.exit, { code: 130, signal: null })
  assert.deepEqual(ls(dir), [])
  await asBefore(pid, before)
})

test('an inspector that was open before stays open; what a killed command left open is closed by detach', { skip }, async (t) => {
  const open = await program(t, 'ticks', { node: ['--inspect=0'] })
  const [, url] = await open.line(/listening on (ws:\S+)/)
  await asked(t, ['stack', open.child.pid])
  assert.ok(await isListening(new URL(url).port))

  const { child: { pid } } = await program(t, 'ticks')
  const before = await settled(pid)
  const dir = tmpDir(t)
  const cli = run(t, BIN, { args: ['cpu', String(pid), '--seconds', '86400', '--dir', dir] })
  await until(() => ls(dir).length > 0, 'the open output')
  cli.child.kill('SIGKILL')
  await cli.exit
  await until(() => facts(pid).threads > before.threads, 'the thread of the inspector')
  assert.deepEqual(await asked(t, ['detach', pid]), { pid, closed: true })
  await asBefore(pid, before)
})

function isListening (port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

test('what cannot be asked is left alone, and why is told', { skip }, async (t) => {
  const refused = async (pid, pattern, code = 1) => {
    const { code: its, stdout, stderr } = await heapkit(t, ['cpu', pid])
    assert.deepEqual([its, stdout], [code, ''])
    assert.match(stderr, pattern)
  }
  await refused('x', /^heapkit: cpu: PID must be the number of a process; got "x"\. `heapkit ps` lists them\n$/, 2)
  await refused(4_194_305, /^heapkit: There is no process 4194305, or it is hidden from this user; `heapkit ps` lists those that can be seen\n$/)
  const sleeper = spawn('sleep', ['1000'])
  t.after(() => sleeper.kill('SIGKILL'))
  await until(() => fs.readlinkSync(`/proc/${sleeper.pid}/exe`).endsWith('sleep'), 'the program')
  await refused(sleeper.pid, /does not look like Node\.js: its program is sleep\. It is left alone, because the signal that opens Node's inspector would end another program/)
  assert.equal(sleeper.signalCode, null)

  const { child } = await program(t, 'idle')
  const thread = fs.readdirSync(`/proc/${child.pid}/task`).find((tid) => Number(tid) !== child.pid)
  await refused(thread, new RegExp(`^heapkit: ${thread} is a thread of process ${child.pid}: give that number\n$`))
  child.kill('SIGSTOP')
  await mainIs(child.pid, /^T/)
  await refused(child.pid, new RegExp(`is stopped \\(T \\(stopped\\)\\), and answers nobody until it goes on: \`kill -CONT ${child.pid}\``))

  const listens = await program(t, 'listens')
  await refused(listens.child.pid, /has not opened its inspector within 5 s\. .* it has a listener of its own for that signal, which has heard it/)
  assert.match(listens.stdout(), /heard/)
})

test('a server of the application is not taken for an inspector, whatever it answers', { skip }, async (t) => {
  const { child: { pid } } = await program(t, 'serves')
  const { nodeVersion } = await asked(t, ['stack', pid])
  assert.equal(nodeVersion, process.version)
})

test('a port that somebody else has is not asked, and no signal is sent', { skip }, async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => server.close())
  const { port } = server.address()
  const service = await program(t, 'idle', { node: [`--inspect-port=${port}`] })
  const { code, stderr } = await heapkit(t, ['stack', service.child.pid])
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`^heapkit: Port ${port}, on which Node\\.js would open the inspector of process ${service.child.pid}, is in use by another process`))
  assert.equal(service.stderr(), '')
})
