'use strict'

// A thread that captures again and again, until it is terminated, told to throw, or told to exit.

const { parentPort, workerData: { dir } } = require('node:worker_threads')
const { takeSnapshot, startSampling } = require('../..')

parentPort.on('message', (how) => {
  if (how === 'throw') throw new Error('chaos')
  process.exit()
})

async function capture () {
  for (;;) {
    for (const work of [() => takeSnapshot({ dir }), () => startSampling().stop({ dir })]) {
      // Nearly all are refused, because the process has one place for snapshots.
      await work().catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
}

capture()
