'use strict'

// SIGKILL in the middle of a capture: to the service, and to the forked child.

const fs = require('node:fs')
const { setTimeout: delay } = require('node:timers/promises')
const { startService, warmService, mustBeClean, until, childrenOf, takeArtifacts, GONE_WITHIN_MS } = require('./subject')

/** The service dies. Its child dies with it, and the next service sweeps what it has left. */
async function service ({ node, dir, random, times = 100 }) {
  const seen = { temporaries: 0, delivered: 0 }
  for (let time = 0; time < times; time++) {
    const victim = await startService(node)
    const kind = random.pick(['fork', 'fork', 'inline', 'timeline'])
    victim.ask('capture', { kind, options: { dir } }).catch(() => {})
    // From the first byte on, most of the time.
    if (random.below(4)) await Promise.race([victim.ended, until(() => fs.readdirSync(dir).length > 0, () => 'the capture to begin')])
    await delay(random.below(700))
    const children = childrenOf(victim.pid).map(({ pid }) => pid)
    await victim.end()
    await until(() => !children.some(isAlive), () => `children of a service that was killed to be gone: ${children}`, GONE_WITHIN_MS)
    const temporaries = fs.readdirSync(dir).filter((name) => name.endsWith('.partial'))
    seen.temporaries += temporaries.length
    // Whatever has its final name is whole; the temporary is left to the next writer.
    const heir = await startService(node)
    try {
      await heir.ask('capture', { kind: 'sampling', options: { dir } })
      seen.delivered += takeArtifacts(dir) - 1
    } finally {
      await heir.end()
    }
  }
  return `${seen.temporaries} temporaries swept, ${seen.delivered} whole files`
}

/** The child dies; the capture says so, or was whole already. */
async function child ({ node, dir, random, times = 100 }) {
  const { service: subject, before } = await warmService(node, dir)
  const seen = { delivered: 0, failed: 0 }
  try {
    for (let time = 0; time < times; time++) {
      const capture = subject.ask('capture', { kind: 'fork', options: { dir } }).then(() => null, (error) => error)
      const victim = await Promise.race([capture.then(() => undefined), until(() => childrenOf(subject.pid)[0], () => 'a child')])
      if (victim) {
        await delay(random.below(400))
        kill(victim.pid, subject.pid)
      }
      const error = await capture
      if (error === null) seen.delivered++
      else if (error.code === 'HEAPKIT_ERR_CHILD') seen.failed++
      else throw error
    }
    await mustBeClean(subject, { dir, before })
    return `${seen.failed} failed, ${seen.delivered} delivered`
  } finally {
    await subject.end()
  }
}

/** Only what is still a child of the service: its number may be somebody else's by now. */
function kill (pid, parent) {
  if (!childrenOf(parent).some((one) => one.pid === pid)) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    // It has ended since that look.
    if (error.code !== 'ESRCH') throw error
  }
}

function isAlive (pid) {
  try {
    return /^\d+ \(heapkit-child\) [^ZX]/.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

module.exports = { service, child }
