'use strict'

// heapkit ps: which processes it finds, what it says of them, and that their names give a terminal no orders.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { PassThrough } = require('node:stream')
const { text } = require('node:stream/consumers')
const { describe, test } = require('node:test')
const { INNER_PIDS, OF_NOBODY, OWN_PIDS, controlGroup, linux, nobody, ownPids } = require('./needs')
const { FIXTURES, run, tmpDir, until } = require('./support')
const { main } = require('../lib/cli/main')
const { NODE, nodeProcesses } = require('../lib/processes/list')
const { limitFiles, mountedGroups } = require('../lib/processes/memory-limit')
const proc = require('../lib/processes/proc')

const WAITS = path.join(FIXTURES, 'ps-waits.js')

/** What `heapkit ps` prints, in a process of its own. */
async function ps (t, args = [], options) {
  const cli = run(t, '../../bin/heapkit.js', { args: ['ps', ...args], ...options })
  assert.deepEqual([await cli.exit, cli.stderr()], [{ code: 0, signal: null }, ''])
  return cli.stdout()
}

const json = async (t, options) => JSON.parse(await ps(t, ['--json'], options))
const found = async (t, pid, options) => (await json(t, options)).find((one) => one.pid === pid)

/** A Node.js process that waits: its id. */
async function waiting (t, args = [], options) {
  const service = run(t, 'ps-waits.js', { args, ...options })
  await service.line(/^ready$/m)
  return service.child.pid
}

/** The same, whose parent takes no note of its end. */
async function unnoticed (t) {
  const parent = run(t, 'ps-waits.js', { command: ['sh', '-c', '"$@" & echo pid $!; exec sleep 1000', 'sh'] })
  const pid = Number((await parent.line(/^pid (\d+)$/m))[1])
  t.after(() => { if (!isOver(pid)) process.kill(pid, 'SIGKILL') })
  await parent.line(/^ready$/m)
  await until(() => proc.read(parent.child.pid, 'comm') === 'sleep\n')
  return pid
}

function isOver (pid) {
  return 'ZX'.includes(proc.stat(pid)?.[3] ?? 'X')
}

/** What begins a command that Node's binary runs under another name. */
const as = (file) => ['sh', '-c', 'shift && exec "$0" "$@"', file]

/** What main() prints in this process. */
async function inProcess (args, { columns } = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const texts = [text(stdout), text(stderr)]
  const code = await main(args, { stdout: Object.assign(stdout, columns && { isTTY: true, columns }), stderr })
  stdout.end()
  stderr.end()
  const [out, error] = await Promise.all(texts)
  return { code, out, error }
}

test('where there is no /proc an error says so', async (t) => {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform')
  t.after(() => Object.defineProperty(process, 'platform', platform))
  Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' })
  const { code, out, error } = await inProcess(['ps'])
  assert.deepEqual([code, out], [1, ''])
  assert.equal(error, `heapkit: Other processes are found in /proc, which only Linux has; this is darwin-${process.arch}, whose own tools list them\n`)
})

test('what is called as Node.js is, is Node.js', () => {
  for (const name of ['node', 'nodejs', 'node (deleted)', 'node-20', 'node22', 'node-v22.1.0', 'nodejs-20', 'node_18', 'node-20 (deleted)']) assert.match(name, NODE)
  for (const name of ['node_exporter', 'node-exporter', 'nodemon', 'anode', 'bun', 'deno', 'electron', 'node.js', 'node (deleted) ', '']) assert.doesNotMatch(name, NODE)
})

describe('ps', { skip: linux('/proc') }, () => {
  test('tells the facts of a process', async (t) => {
    const began = Date.now()
    const pid = await waiting(t, ['idle', '--port', '3000'])
    const all = await json(t)
    const one = all.find((each) => each.pid === pid)
    assert.deepEqual(Object.keys(one), ['pid', 'containerPid', 'uid', 'threads', 'ageMs', 'cpuShare', 'rssBytes', 'limitBytes', 'heapkit', 'node', 'command'])
    assert.deepEqual(one.command, [process.execPath, WAITS, 'idle', '--port', '3000'])
    assert.deepEqual([one.node, one.containerPid, one.uid, one.heapkit], [fs.realpathSync(process.execPath), null, os.userInfo().uid, false])
    assert.ok(one.rssBytes > 10 * 2 ** 20 && one.rssBytes < 2 ** 30, one.rssBytes)
    // Starts are counted in hundredths of a second.
    assert.ok(one.ageMs >= 0 && one.ageMs <= Date.now() - began + 20, one.ageMs)
    assert.ok(all.find((each) => each.pid === process.pid).ageMs > one.ageMs)
    assert.ok(one.cpuShare >= 0)
    assert.ok(await until(async () => (await found(t, pid)).threads === fs.readdirSync(`/proc/${pid}/task`).length), 'threads')
    assert.deepEqual(all, [...all].sort((a, b) => b.rssBytes - a.rssBytes))
  })

  test('tells how much of the processor is used now', async (t) => {
    const pid = await waiting(t, ['busy'])
    await until(async () => (await found(t, pid)).cpuShare > 0.1)
  })

  test('tells whether heapkit is loaded', async (t) => {
    const pid = await waiting(t, ['heapkit'])
    assert.equal((await found(t, pid)).heapkit, true)
    assert.match(rowOf(await ps(t), pid), / yes {6}\S*ps-waits\.js heapkit$/)
  })

  test('shows the script and its arguments, and of a terminal takes no more than its width', async (t) => {
    const pid = await waiting(t, ['idle', 'x'.repeat(300)])
    const whole = await ps(t)
    assert.match(whole, /^ *PID {2}THREADS +AGE +CPU +RSS +LIMIT {2}HEAPKIT {2}COMMAND\n/)
    assert.ok(rowOf(whole, pid).endsWith(` -        ${WAITS} idle ${'x'.repeat(300)}`), whole)
    const { out } = await inProcess(['ps'], { columns: 80 })
    for (const line of out.split('\n')) assert.ok(line.length <= 80, line)
    assert.match(rowOf(out, pid), /…\S*ps-waits\.js idle x*…$/)
    const large = await waiting(t, ['idle', 'x'.repeat(300)], { node: ['--max-old-space-size=100', '--stack-size=900'] })
    assert.match(rowOf((await inProcess(['ps'], { columns: 80 })).out, large), / … …\S*ps-waits\.js id/)
  })

  test('gives a terminal no orders, whatever a command line has', async (t) => {
    const hostile = '\u001b[2J\u009b1m\r\n\u202e{}'
    const pid = await waiting(t, ['idle', hostile], { command: ['sh', '-c', 'exec "$@" "$(printf "a\\377\\033]0;b\\007")"', 'sh'] })
    const out = await ps(t)
    assert.match(rowOf(out, pid), /idle \\u\{1b\}\[2J\\u\{9b\}1m\\u\{d\}\\u\{a\}\\u\{202e\}\{\} a\ufffd\\u\{1b\}\]0;b\\u\{7\}$/)
    const answer = await ps(t, ['--json'])
    for (const printed of [out, answer]) assert.doesNotMatch(printed, /[^\P{Cc}\n]|\u202e/u)
    assert.deepEqual(JSON.parse(answer).find((one) => one.pid === pid).command.slice(2), ['idle', hostile, 'a\ufffd\u001b]0;b\u0007'])
  })

  test('finds Node.js by its file: renamed, removed by an upgrade, under another title; nothing else', async (t) => {
    const dir = tmpDir(t)
    const files = ['nodejs', 'node-20', 'node_exporter'].map((name) => path.join(dir, name))
    fs.copyFileSync(process.execPath, files[0], fs.constants.COPYFILE_FICLONE)
    for (const file of files.slice(1)) fs.linkSync(files[0], file)
    const [nodejs, node20, exporter] = await Promise.all(files.map((file) => waiting(t, ['idle'], { command: as(file) })))
    const titled = await waiting(t, ['title', 'shop: 7 carts'])
    fs.rmSync(files[1])
    const all = new Map((await json(t)).map((one) => [one.pid, one]))
    assert.deepEqual([all.get(nodejs).node, all.get(node20).node], [files[0], `${files[1]} (deleted)`])
    assert.equal(all.has(exporter), false)
    assert.deepEqual(all.get(titled).command, ['shop: 7 carts'])
    const out = await ps(t)
    assert.ok(rowOf(out, nodejs).endsWith(`  ${WAITS} idle`), out)
    assert.ok(rowOf(out, titled).endsWith('  shop: 7 carts'), out)
  })

  test('is not in its own list', async (t) => {
    const cli = run(t, '../../bin/heapkit.js', { args: ['ps', '--json'] })
    await cli.exit
    assert.ok(cli.stdout().includes(`"pid": ${process.pid},`))
    assert.ok(!cli.stdout().includes(`"pid": ${cli.child.pid},`))
  })

  test('a process that ends while it is looked at is left out', async (t) => {
    const [stays, goes, becomesZombie] = [await waiting(t), await waiting(t), await unnoticed(t)]
    const answer = nodeProcesses()
    for (const pid of [goes, becomesZombie]) process.kill(pid, 'SIGKILL')
    // Without the event loop, so both have ended before the second look.
    while (![goes, becomesZombie].every((pid) => isOver(pid)));
    const pids = (await answer).map(({ pid }) => pid)
    assert.deepEqual([stays, goes, becomesZombie].map((pid) => pids.includes(pid)), [true, false, false])
    assert.equal(proc.stat(becomesZombie)[3], 'Z')
  })

  test('leaves out zombies', async (t) => {
    const pid = await unnoticed(t)
    assert.ok(await found(t, pid))
    process.kill(pid, 'SIGKILL')
    await until(() => isOver(pid))
    assert.equal(await found(t, pid), undefined)
    assert.equal(proc.stat(pid)[3], 'Z')
  })

  test('says that there is none', { skip: ownPids() }, async (t) => {
    assert.equal(await ps(t, [], { command: OWN_PIDS }), 'No Node.js processes that this user may see\n')
    assert.equal(await ps(t, ['--json'], { command: OWN_PIDS }), '[]\n')
  })

  test('knows the id that a process has in its container', { skip: ownPids() }, async (t) => {
    const mark = `mark-${process.pid}`
    const outer = run(t, 'ps-waits.js', { args: ['idle', mark], command: INNER_PIDS })
    await outer.line(/^ready$/m)
    const [one, ...others] = (await json(t)).filter(({ command }) => command.includes(mark))
    assert.deepEqual([one.containerPid, others], [1, []])
    assert.notEqual(one.pid, outer.child.pid)
  })

  test('of other users\' processes it says what everybody may see', { skip: nobody(WAITS) }, async (t) => {
    const [theirs, own] = [await waiting(t), await waiting(t, [], { command: OF_NOBODY })]
    const all = new Map((await json(t, { command: OF_NOBODY })).map((one) => [one.pid, one]))
    assert.deepEqual(['uid', 'node', 'heapkit'].map((key) => all.get(theirs)[key]), [os.userInfo().uid, null, null])
    assert.deepEqual(['uid', 'node', 'heapkit'].map((key) => all.get(own)[key]), [65534, fs.realpathSync(process.execPath), false])
    const out = await ps(t, [], { command: OF_NOBODY })
    assert.match(out, /^ *PID {2}USER +THREADS/)
    assert.match(rowOf(out, theirs), /^ *\d+ {2}root /)
  })

  const group = controlGroup('memory', { 1: 'memory.limit_in_bytes', 2: 'memory.max' }, 500 * 2 ** 20)

  test('knows the memory limit of the control group, and of those above', { skip: group.missing }, async (t) => {
    const own = run(t, 'ps-waits.js', { command: group.command })
    await own.line(/^ready$/m)
    assert.equal((await found(t, own.child.pid)).limitBytes, 500 * 2 ** 20)
    assert.match(rowOf(await ps(t), own.child.pid), / 500\.0 MiB {2}-/)
    own.child.kill('SIGKILL')
    await own.exit

    const inner = path.join(group.path, 'inner')
    fs.mkdirSync(inner)
    const below = run(t, 'ps-waits.js', { command: ['sh', '-c', `echo $$ > ${inner}/cgroup.procs && exec "$@"`, 'sh'] })
    // After it was killed, too: a group goes when nobody is in it any more.
    t.after(() => until(() => { try { fs.rmdirSync(inner); return true } catch {} }, inner))
    await below.line(/^ready$/m)
    assert.equal((await found(t, below.child.pid)).limitBytes, 500 * 2 ** 20)
  })
})

test('limits are those of all groups that can be seen from here', () => {
  const v1 = (root) => mountedGroups(`41 30 0:32 ${root} /sys/fs/cgroup/memory ro master:9 - cgroup cgroup rw,memory\n40 30 0:31 ${root} /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n`)
  const limit = (dir) => `/sys/fs/cgroup/memory${dir}/memory.limit_in_bytes`
  assert.deepEqual(limitFiles('12:cpu,cpuacct:/x\n4:memory:/docker/abc\n0::/\n', v1('/docker/abc')), [limit('')])
  assert.deepEqual(limitFiles('4:memory:/docker/abc\n', v1('/')), [limit(''), limit('/docker'), limit('/docker/abc')])
  // Of another container, of another namespace, and where the mount is of another one.
  assert.deepEqual(limitFiles('4:memory:/docker/abcd\n', v1('/docker/abc')), [])
  assert.deepEqual(limitFiles('4:memory:/../other\n', v1('/')), [])
  assert.deepEqual(limitFiles('4:memory:/\n', v1('/..')), [])

  const v2 = mountedGroups('22 1 0:20 / /proc rw - proc proc rw\n30 23 0:26 / /sys/fs/my\\040groups rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n')
  const files = (dir) => ['max', 'high'].map((name) => `/sys/fs/my groups${dir}/memory.${name}`)
  assert.deepEqual(limitFiles('0::/app.slice/a:b\n', v2), [...files(''), ...files('/app.slice'), ...files('/app.slice/a:b')])
  assert.deepEqual(limitFiles('0::/../b\n4:memory:/c\n', v2), [])
  assert.deepEqual(limitFiles('', v2), [])
})

/** The line about a process. */
function rowOf (out, pid) {
  return out.split('\n').find((line) => new RegExp(`^ *${pid} `).test(line)) ?? assert.fail(`no ${pid} in\n${out}`)
}
