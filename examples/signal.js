'use strict'

// Captures on signals.
//
//   node examples/signal.js
//   kill -USR2 PID      a heap snapshot
//   kill -WINCH PID     a CPU profile of 5 s

const os = require('node:os')
const { onSignal } = require('heapkit')

// Without `dir` artifacts go to HEAPKIT_DIR, or to the working directory.
const common = {
  dir: process.env.HEAPKIT_DIR ?? os.tmpdir(),
  onArtifact: ({ kind, path, bytes, pauseMs }) => console.log(`${kind}: ${path}, ${bytes} bytes, ${pauseMs} ms pause`),
  onError: (error) => console.error(`${error.code}: ${error.message}`)
}

onSignal('SIGUSR2', 'snapshot', common)
onSignal('SIGWINCH', 'cpu', { ...common, seconds: 5 })

console.log(`kill -USR2 ${process.pid}`)

// Something to do: a signal trigger alone does not keep the process alive.
setInterval(() => JSON.stringify(process.memoryUsage()), 100)
