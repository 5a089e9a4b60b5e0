'use strict'

// The measured process of load.js.

const { spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { performance } = require('node:perf_hooks')
const { Worker, isMainThread } = require('node:worker_threads')
const { serve } = require('./child')
const { Heap } = require('./heap')
const { mainThread } = require('./proc')

const BLOCK_BYTES = 64 << 20

if (isMainThread) serve(measure)
else faultForEver()

async function measure ({ side, forks, size }) {
  globalThis.heap = new Heap()
  while (process.memoryUsage().heapUsed < size * 1e6) globalThis.heap.grow(20)
  const others = side === 'quiet' ? [] : begin(side)
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-bench-'))
  try {
    const rows = []
    for (let n = 0; n < forks; n++) rows.push(await forkOnce(dir))
    return rows
  } finally {
    for (const other of others) other.kill('SIGKILL')
    fs.rmSync(dir, { recursive: true, force: true })
  }
}

function begin (side) {
  const shell = (count, script) => Array.from({ length: count }, () => spawn('/bin/sh', ['-c', script], { stdio: 'ignore' }))
  const busy = () => shell(8, 'while :; do :; done')
  // `exec` would end after one; a shell that reads by itself needs no process for each.
  const readers = () => shell(2, `while :; do while read -r line; do :; done < /proc/${process.pid}/smaps; done`)
  if (side === 'processors') return busy()
  if (side === 'maps') return readers()
  if (side === 'all') return [...busy(), ...readers()]
  for (let n = 0; n < 3; n++) new Worker(__filename).unref()
  return []
}

/** Forks, and gives the snapshot up as soon as that is done. */
async function forkOnce (dir) {
  const { takeSnapshot } = require('heapkit')
  const { ForkedWork } = require('../../lib/native')
  const controller = new AbortController()
  const { fork } = ForkedWork.prototype
  let row
  ForkedWork.prototype.fork = function (...args) {
    const [before, began] = [mainThread(), performance.now()]
    const promise = fork.apply(this, args)
    const [wall, after] = [performance.now() - began, mainThread()]
    const [running, waiting] = [after.onCpu - before.onCpu, after.ready - before.ready]
    row = { wall, running, waiting, blocked: Math.max(0, wall - running - waiting) }
    controller.abort()
    return promise
  }
  try {
    await takeSnapshot({ mode: 'fork', dir, signal: controller.signal })
  } catch (error) {
    if (error.code !== 'HEAPKIT_ERR_ABORTED') throw error
  } finally {
    ForkedWork.prototype.fork = fork
  }
  return row
}

function faultForEver () {
  for (;;) {
    const block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
    for (let at = 0; at < block.length; at += 4096) block[at] = 1
  }
}
