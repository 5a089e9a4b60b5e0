'use strict'

// How much real applications allocate on V8's heap when they are saturated, to put the workload of sampling.js in proportion: what
// the scavenges of `--trace-gc` found between one and the next, under autocannon.

const autocannon = require('autocannon')
const { spawn } = require('node:child_process')
const { table } = require('../lib/cli/table')
const { machineLine } = require('./support/machine')

const LOAD = { connections: 50, duration: 8 }
const WARM_UP = { connections: 50, duration: 3 }
const BODY = "({ items: Array.from({ length: 50 }, (_, id) => ({ id, name: 'item ' + id, price: id * 1.5, tags: ['a', 'b'] })) })"
const LISTEN = "(0, '127.0.0.1', function () { console.log('URL http://127.0.0.1:' + this.address().port) })"

const APPLICATIONS = {
  'node:http, a line': `require('node:http').createServer((req, res) => res.end('hello')).listen${LISTEN}`,
  'Express, express-session, 50 objects': `
    const express = require('express')
    express().use(require('express-session')({ secret: 'x', resave: false, saveUninitialized: false }))
      .get('/', (req, res) => res.json${BODY}).listen${LISTEN}`,
  'Fastify, 50 objects': `
    const fastify = require('fastify')()
    fastify.get('/', async () => ${BODY})
    fastify.listen({ port: 0, host: '127.0.0.1' }).then((url) => console.log('URL ' + url))`
}

main()

async function main () {
  console.log(`${machineLine()}\n`)
  const rows = []
  for (const [name, source] of Object.entries(APPLICATIONS)) {
    const { requests, megabytes } = await measure(source)
    rows.push([name, Math.round(requests).toLocaleString('en'), `${Math.round(megabytes)} MB/s`])
  }
  console.log(table(['APPLICATION', 'REQUESTS/S', 'ALLOCATED'], rows, ['REQUESTS/S', 'ALLOCATED']))
}

async function measure (source) {
  const child = spawn(process.execPath, ['--trace-gc', '-e', source], { cwd: __dirname, stdio: ['ignore', 'pipe', 'inherit'] })
  try {
    let output = ''
    const url = await new Promise((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text) => {
        output += text
        const match = /^URL (\S+)$/m.exec(output)
        if (match) resolve(match[1])
      })
    })
    await autocannon({ url, ...WARM_UP })
    output = ''
    const { requests, duration } = await autocannon({ url, ...LOAD })
    return { requests: requests.total / duration, megabytes: allocated(output) / duration }
  } finally {
    child.kill()
  }
}

/** Megabytes between the end of each collection and the begin of the next, as `12.3 (20.1) -> 4.5 (20.6) MB` has them. */
function allocated (trace) {
  let sum = 0
  let left
  for (const [, before, after] of trace.matchAll(/(\d+\.\d) \(\d+\.\d\) -> (\d+\.\d) \(/g)) {
    if (left !== undefined) sum += Math.max(0, before - left)
    left = Number(after)
  }
  return sum
}
