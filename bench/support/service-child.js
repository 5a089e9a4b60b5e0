'use strict'

// The measured service of service.js.

const express = require('express')
const fs = require('node:fs')
const path = require('node:path')
const v8 = require('node:v8')
const { Heap } = require('./heap')

globalThis.heap = new Heap()
let dir

const ACTIONS = {
  start (task) {
    dir = task.dir
    while (process.memoryUsage().heapUsed < task.size * 1e6) globalThis.heap.grow(20)
    const accounts = [...globalThis.heap.accounts.values()]
    let next = 0
    const app = express()
    app.get('/', (_request, response) => {
      next = (next + 50) % (accounts.length - 50)
      response.json({ accounts: accounts.slice(next, next + 50) })
    })
    return new Promise((resolve) => {
      const server = app.listen(0, '127.0.0.1', () => resolve({ port: server.address().port }))
    })
  },
  v8 () {
    const file = path.join(dir, `${process.pid}.heapsnapshot`)
    v8.writeHeapSnapshot(file)
    fs.unlinkSync(file)
  },
  async fork () {
    const { takeSnapshot } = require('heapkit')
    const { path: file, pauseMs } = await takeSnapshot({ mode: 'fork', dir })
    fs.unlinkSync(file)
    return { pauseMs }
  }
}

process.on('message', async ({ action, ...task }) => {
  try {
    process.send({ result: await ACTIONS[action](task) ?? {} })
  } catch (error) {
    process.send({ error: error.stack })
  }
})
