'use strict'

// Four hundred requests at once, most of whose clients go away at random moments, each in one of the ways in which clients do.

const http = require('node:http')
const net = require('node:net')
const { setTimeout: delay } = require('node:timers/promises')
const { warmService, mustBeClean, until, GONE_WITHIN_MS } = require('./subject')

const ROUTES = [
  ['POST', '/snapshot'], ['POST', '/snapshot?download=1'], ['POST', '/snapshot?download=1&redact=1'], ['POST', '/snapshot?stableIds=1'],
  ['POST', '/sampling?seconds=0.3'], ['POST', '/cpu?seconds=0.3'], ['POST', '/timeline?seconds=0.3'], ['POST', '/timeline?seconds=60'], ['POST', '/cpu?seconds=60'],
  ['GET', '/status'], ['GET', '/artifacts']
]
const HEADERS = 'Host: chaos\r\nAuthorization: Bearer chaos\r\n'
const SPREAD_MS = 25_000

/** What a client does with its connection some time after it has sent its request. */
const WAYS = {
  waits: (socket) => socket.resume(),
  destroys: (socket) => { socket.resume(); return () => socket.destroy() },
  resets: (socket) => { socket.resume(); return () => socket.resetAndDestroy() },
  // Reads nothing of a download, and then goes.
  stalls: (socket) => { socket.pause(); return () => socket.destroy() },
  // Sends no more, and later goes.
  'half closes': (socket) => { socket.resume(); socket.end(); return () => socket.destroy() }
}

async function run ({ node, dir, random, times = 400 }) {
  const { service, before } = await warmService(node, dir)
  try {
    const port = await service.ask('listen', { dir })
    const clients = Array.from({ length: times }, () => {
      const pipelined = random.below(4) === 0 ? 2 : 1
      return {
        requests: Array.from({ length: pipelined }, () => random.pick(ROUTES)),
        version: random.pick(['1.1', '1.1', '1.0']),
        way: random.pick(Object.keys(WAYS)),
        startMs: random.below(SPREAD_MS),
        afterMs: random.below(random.pick([20, 300, 2000]))
      }
    })
    const answers = await Promise.all(clients.map((client) => request(port, client)))
    await until(async () => (await status(port)).capture === null, () => 'the last capture to be over', GONE_WITHIN_MS)
    const captured = answers.filter((text) => /^HTTP\/1\.1 20/.test(text)).length
    await mustBeClean(service, { dir, before: { ...before, files: before.files + 1 } })
    return `${captured} of ${times} connections had a success`
  } finally {
    await service.end()
  }
}

/** Resolves with what came, when the connection has ended. */
async function request (port, { requests, version, way, startMs, afterMs }) {
  await delay(startMs)
  const socket = net.connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => { if (text.length < 100) text += chunk.toString('latin1') })
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const last = requests.length - 1
  const close = (index) => index === last && way === 'waits' ? 'Connection: close\r\n' : ''
  socket.write(requests.map(([method, path], index) => `${method} ${path.replace(/seconds=60/, way === 'waits' ? 'seconds=1' : '$&')} HTTP/${version}\r\n${HEADERS}${close(index)}\r\n`).join(''))
  const leave = WAYS[way](socket)
  if (way !== 'waits') {
    await Promise.race([delay(afterMs), closed])
    leave()
  }
  await closed
  return text
}

function status (port) {
  return new Promise((resolve, reject) => {
    http.get({ port, host: '127.0.0.1', path: '/status', agent: false, headers: { authorization: 'Bearer chaos' } }, (res) => {
      let text = ''
      res.on('data', (chunk) => { text += chunk }).on('end', () => resolve(JSON.parse(text)))
    }).on('error', reject)
  })
}

module.exports = { run }
