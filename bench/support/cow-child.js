'use strict'

// The measured process of cow.js.

const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { setTimeout: sleep } = require('node:timers/promises')
const { serve } = require('./child')
const { Heap } = require('./heap')
const { Workload } = require('./workload')

// Less than the 15 s after which a twin that does nothing is taken for hung.
const WORK_ROUNDS = 5000

serve(async ({ side, size }) => {
  const work = side === 'work' ? services(size) : writes(size)
  // Compiled, and the heap as it will be.
  work()
  work()
  const alone = measured(work)
  const release = await stoppedTwin()
  const beside = measured(work)
  await release()
  return { alone, beside }
})

function services (size) {
  globalThis.heap = new Heap()
  while (process.memoryUsage().heapUsed < size * 1e6) globalThis.heap.grow(20)
  const workload = new Workload()
  return () => workload.run(WORK_ROUNDS)
}

/** Numbers only, so that nothing is allocated and no garbage collected. */
function writes (size) {
  const objects = []
  while (process.memoryUsage().heapUsed < size * 1e6) {
    for (let n = 0; n < 10_000; n++) objects.push({ a: n, b: n, c: n, d: n })
  }
  globalThis.objects = objects
  return () => {
    for (const object of objects) object.a = (object.a + 1) & 0xffff
  }
}

/** Of the whole process: milliseconds on a processor, and faults that needed no disk. */
function measured (work) {
  const { minorPageFault } = process.resourceUsage()
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return { cpu: (user + system) / 1000, faults: process.resourceUsage().minorPageFault - minorPageFault }
}

/** Forks a snapshot and stops the twin before it has done anything much; the answer gives it up. */
async function stoppedTwin () {
  const { takeSnapshot } = require('heapkit')
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-bench-'))
  const controller = new AbortController()
  const capture = takeSnapshot({ mode: 'fork', dir, signal: controller.signal })
  capture.catch(() => {})
  let pid
  while (pid === undefined) {
    await sleep(1)
    pid = fs.readFileSync(`/proc/self/task/${process.pid}/children`, 'latin1').split(' ').filter(Boolean)
      .find((child) => fs.readFileSync(`/proc/${child}/comm`, 'latin1') === 'heapkit-child\n')
  }
  process.kill(Number(pid), 'SIGSTOP')
  return async () => {
    controller.abort()
    await capture.then(() => { throw new Error('the twin was not stopped in time') }, ({ code }) => {
      if (code !== 'HEAPKIT_ERR_ABORTED') throw new Error(`the twin ended with ${code}`)
    })
    fs.rmSync(dir, { recursive: true })
  }
}
