'use strict'

// Volumes that do not answer: their own captures are told in time, and nobody else notices.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { OWN_MOUNTS, success } = require('./needs')
const { tmpDir, run, hanging, heapkitError } = require('./support')

/** A volume that can be frozen. Whatever becomes of the test, it is thawed: a process cannot end while it waits for a frozen one. */
const freezing = (dir, image) => [...OWN_MOUNTS, 'sh', '-c',
  'mkfs.ext4 -q "$1" && mount -o loop "$1" "$0" && shift && { { sleep 100; fsfreeze -u "$0"; } >/dev/null 2>&1 & "$@"; code=$?; kill $!; umount "$0"; exit $code; }', dir, image]

/** An image of a volume that can be frozen at `dir`, or why there can be none. */
function freezable (t, dir, bytes) {
  const [tried, image] = ['tried', 'used'].map((name) => {
    const file = path.join(tmpDir(t), name)
    fs.writeFileSync(file, '')
    fs.truncateSync(file, bytes)
    return file
  })
  const why = success('root, a loop device, mkfs.ext4 and fsfreeze', [...freezing(dir, tried), 'sh', '-c', `fsfreeze -f ${dir} && fsfreeze -u ${dir}`])
  return { image, why }
}

test('a volume that never answers is noticed by nobody but its own captures', { timeout: 180_000 }, async (t) => {
  const [hung, healthy] = [tmpDir(t), tmpDir(t)]
  const why = success('/dev/fuse and mounts of its own', [...hanging(hung), 'true'])
  if (why) return t.skip(why)
  const child = run(t, 'disk-hangs.js', { args: [hung, healthy], command: hanging(hung) })
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
  const { lists, snapshot, status, later, refused, refusedAfter, threads, ...seen } = JSON.parse(child.stdout())
  assert.deepEqual(seen, { sampling: 'done', list: 1, file: 'done', next: 'done', stream: true, worker: 'terminated', files: ['504 HEAPKIT_ERR_STALLED'] })
  const like = (it) => Object.assign(new Error(it.message), it, { name: 'HeapkitError' })
  heapkitError('HEAPKIT_ERR_TIMEOUT')(like(snapshot.it))
  // Due after 3 s, and not after the half minute that a disk may take.
  assert.ok(snapshot.after < 20_000, `${snapshot.after} ms`)
  const unknown = [200, null, null]
  assert.deepEqual([status.it, later], [unknown, unknown])
  // Due after 2 s.
  assert.ok(status.after < 20_000, `${status.after} ms`)
  assert.equal(lists.length, 12)
  // Four threads ask, one of them perhaps for the snapshot, and the others wait for those.
  const answer = /The volume of .* (has not answered for 3\d s|hangs: an earlier capture has waited for it for \d\d s)/
  for (const list of lists) heapkitError('HEAPKIT_ERR_STALLED', answer)(like(list))
  assert.ok([3, 4].includes(lists.filter(({ message }) => message.includes('has not answered')).length))
  heapkitError('HEAPKIT_ERR_STALLED', /The volume of .* hangs: an earlier capture has waited for it for \d+ s/)(like(refused))
  assert.ok(refused.path === hung && refused.message.includes(hung))
  assert.ok(refusedAfter < 20_000, `${refusedAfter} ms`)
  assert.ok(threads <= 6, `${threads} threads: four that hang, the clock and the alarms`)
})

test('a service whose HEAPKIT_DIR does not answer starts all the same, and is told', { timeout: 60_000 }, async (t) => {
  const hung = tmpDir(t)
  const why = success('/dev/fuse and mounts of its own', [...hanging(hung), 'true'])
  if (why) return t.skip(why)
  const node = ['--require', path.join(__dirname, '..', 'lib', 'register.js')]
  const child = run(t, 'files-steps.js', { args: ['[]'], node, env: { HEAPKIT_DIR: hung }, command: hanging(hung) })
  assert.deepEqual(await child.exit, { code: 0, signal: null })
  assert.equal(child.stdout(), '[]\n')
  assert.match(child.stderr(), /HEAPKIT_ERR_STALLED.*HeapkitWarning: The volume of .* has not answered for 2 s; what was asked of it was given up/)
})

test('a volume that stops in the middle of a capture holds up no other, and is clean when it is back', { timeout: 180_000 }, async (t) => {
  const [frozen, healthy] = [tmpDir(t), tmpDir(t)]
  const { image, why } = freezable(t, frozen, 256 * 2 ** 20)
  if (why) return t.skip(why)
  const child = run(t, 'disk-freezes.js', { args: [frozen, healthy], command: freezing(frozen, image) })
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
  const { frozen: left, ...seen } = JSON.parse(child.stdout())
  assert.deepEqual(seen, { sampling: 'done', snapshot: 'HEAPKIT_ERR_ABORTED', next: 'done', back: 'done' })
  assert.equal(left, 1, 'the temporary, which nobody can remove as long as the volume stands still')
})

test('an inline snapshot stops the service no longer than half a minute in sum for a disk that stops now and then', { timeout: 180_000 }, async (t) => {
  const slow = path.join(tmpDir(t), 'volume')
  fs.mkdirSync(slow)
  const { image, why } = freezable(t, slow, 2 ** 30)
  if (why) return t.skip(why)
  const child = run(t, 'disk-slow.js', { args: [slow], command: freezing(slow, image) })
  assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr())
  const { code, message, times } = JSON.parse(child.stdout())
  assert.equal(code, 'HEAPKIT_ERR_STALLED', message)
  assert.match(message, /^The disk is so slow that the service was stopped for 3\d s in sum to wait for it/)
  assert.ok(times > 2, `${times} times of 13 s`)
})
