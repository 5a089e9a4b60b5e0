'use strict'

// A disk that takes nothing any more: a loop device that is frozen in the middle. Other disks, other captures and the deadlines
// of those that wait for it must not notice.

const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { setTimeout: delay } = require('node:timers/promises')
const { warmService, mustBeClean } = require('./subject')

const TIMEOUT_MS = 1500
/** What an answer may come late on a busy machine. */
const LATE_MS = 2000
/** When a capture is taken for one that never answers. */
const ANSWER_MS = 20_000

async function run ({ node, dir, random, times = 10 }) {
  const disk = makeDisk(dir)
  if (typeof disk === 'string') return { skipped: disk }
  const healthy = fs.mkdtempSync(path.join(dir, 'healthy-'))
  const { service, before } = await warmService(node, healthy)
  let worst = 0
  let late = 0
  try {
    for (let time = 0; time < times; time++) {
      const frozen = timed(service, { kind: random.pick(['fork', 'sampling', 'cpu']), options: { dir: disk.mount, timeoutMs: TIMEOUT_MS } })
      // Before it is opened, while it is opened, or while it is written.
      await delay(random.below(random.pick([2, 40, 400])))
      disk.freeze()
      const others = ['sampling', 'cpu'].map((kind) => timed(service, { kind, options: { dir: healthy } }))
      for (const { error } of await Promise.all(others)) if (error && error.code !== 'HEAPKIT_ERR_BUSY') throw error
      const { error, tookMs } = await frozen
      if (error && !['HEAPKIT_ERR_TIMEOUT', 'HEAPKIT_ERR_BUSY'].includes(error.code)) throw error
      if (error?.code === 'HEAPKIT_ERR_TIMEOUT') late++
      worst = Math.max(worst, tookMs)
      // The next one, to a healthy disk, while the first is still frozen.
      const { error: next } = await timed(service, { kind: 'fork', options: { dir: healthy } })
      if (next) throw next
      disk.thaw()
      for (const name of fs.readdirSync(disk.mount).filter((name) => name.startsWith('Heap') || name.startsWith('CPU'))) {
        if (!name.endsWith('.partial')) fs.unlinkSync(path.join(disk.mount, name))
      }
    }
    if (worst > TIMEOUT_MS + LATE_MS) throw new Error(`a capture with timeoutMs ${TIMEOUT_MS} answered after ${Math.round(worst)} ms`)
    const { error } = await timed(service, { kind: 'fork', options: { dir: disk.mount } })
    if (error) throw error
    fs.readdirSync(disk.mount).filter((name) => name.endsWith('.gz')).forEach((name) => fs.unlinkSync(path.join(disk.mount, name)))
    const left = fs.readdirSync(disk.mount).filter((name) => name !== 'lost+found')
    if (left.length > 0) throw new Error(`left on the disk: ${left}`)
    await mustBeClean(service, { dir: healthy, before })
    return `${late} of ${times} met the frozen disk, slowest answer ${Math.round(worst)} ms for a timeoutMs of ${TIMEOUT_MS}`
  } finally {
    disk.thaw()
    await service.end()
    disk.remove()
  }
}

async function timed (service, task) {
  const began = performance.now()
  const answer = service.ask('capture', task).then(() => null, (error) => error)
  const error = await Promise.race([answer, delay(ANSWER_MS).then(() => new Error(`no answer after ${ANSWER_MS / 1000} s: ${JSON.stringify(task)}`))])
  return { error, tookMs: performance.now() - began }
}

/** A file system of its own in `dir`, or why there is none. */
function makeDisk (dir) {
  const image = path.join(dir, 'disk.img')
  const mount = path.join(dir, 'disk')
  fs.mkdirSync(mount)
  fs.writeFileSync(image, '')
  fs.truncateSync(image, 128 * 2 ** 20)
  for (const command of [['mkfs.ext4', '-q', image], ['mount', '-o', 'loop', image, mount]]) {
    const failure = attempt(command)
    if (failure) return failure
  }
  const run = (command) => { const failure = attempt(command); if (failure) throw new Error(failure) }
  let isFrozen = false
  const disk = {
    mount,
    freeze () { if (!isFrozen) run(['fsfreeze', '-f', mount]); isFrozen = true },
    thaw () { if (isFrozen) run(['fsfreeze', '-u', mount]); isFrozen = false },
    remove () { run(['umount', mount]) }
  }
  // Whoever ends the run leaves no frozen disk.
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => { disk.thaw(); process.exit(1) })
  return disk
}

function attempt ([file, ...args]) {
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' })
  if (status !== 0) return `${file}: ${error?.message ?? stderr.trim()}`
}

module.exports = { run }
