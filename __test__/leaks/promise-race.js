'use strict'

// Every request races against one promise that is settled at shutdown only. The promise keeps what each race wanted of it, and with it each job.

class Shutdown {
  promise = new Promise((resolve) => { this.begin = resolve })
}

class RenderJob {
  constructor (number) {
    this.page = `page-${number}`
    this.boxes = Array.from({ length: 60 }, (_, box) => box + 0.25)
  }
}

const shutdown = new Shutdown()

async function render (job) {
  await Promise.race([shutdown.promise, new Promise(() => {})])
  job.done = true
}

module.exports = {
  holder: [/\bShutdown\b|\bshutdown\b|\brender\b/, /\bpromise\b|\brender\b/],
  thing: /\bRenderJob\b|\brender\b/,
  count: 1,
  bytes: 1700,
  calls: [1000, 6000, 6000],
  leak (index) { render(new RenderJob(index)) }
}
