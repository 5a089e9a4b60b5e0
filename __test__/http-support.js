'use strict'

// What the HTTP tests share: servers on free ports, requests that nothing normalises, and captures that can be waited for.

const diagnosticsChannel = require('node:diagnostics_channel')
const http = require('node:http')
const net = require('node:net')
const { tmpDir } = require('./support')
const { createHandler } = require('..')

const TOKEN = 'correct-horse-battery-staple'

/** Serves `listener` on a free port until the test ends. */
async function listen (t, listener) {
  const server = http.createServer(listener)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return client(server.address().port)
}

/** A handler with its own directory, alone on a node:http server. */
async function serve (t, options) {
  const dir = options?.dir ?? tmpDir(t)
  const access = options?.authorize ? {} : { token: TOKEN }
  const there = await listen(t, createHandler({ ...access, dir, ...options }))
  return { ...there, dir }
}

function client (port) {
  return {
    port,
    request: (method, path, options) => request(port, method, path, options),
    start: (method, path, options) => start(port, method, path, options),
    raw: (text) => raw(port, text)
  }
}

/** Sends a request and answers the http.ClientRequest; its errors are the test's own doing. */
function start (port, method, path, { headers, body, token = TOKEN, agent = false } = {}) {
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` }
  const req = http.request({ host: '127.0.0.1', port, method, path, agent, headers: { ...authorization, ...headers } })
  req.on('error', () => {})
  req.end(body)
  return req
}

/** Sends a request and answers { status, headers, body, json() } when the whole answer is there. */
function request (port, method, path, options) {
  return new Promise((resolve, reject) => {
    const req = start(port, method, path, options)
    req.on('error', reject)
    req.on('response', (res) => {
      const chunks = []
      res.on('error', reject)
      res.on('data', (chunk) => chunks.push(chunk))
      res.on('end', () => {
        const body = Buffer.concat(chunks)
        resolve({ status: res.statusCode, headers: res.headers, body, json: () => JSON.parse(body) })
      })
    })
  })
}

/** Sends these very bytes and answers, as text, all that comes until the server ends the connection. */
function raw (port, bytes) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes))
    let answer = ''
    socket.setEncoding('latin1').on('data', (text) => { answer += text })
    socket.on('error', reject)
    socket.on('end', () => resolve(answer))
  })
}

/** The next event of a capture on heapkit:capture:NAME, seen from the moment of the call. */
function nextEvent (name) {
  return new Promise((resolve) => {
    const channel = `heapkit:capture:${name}`
    const onMessage = (message) => {
      diagnosticsChannel.unsubscribe(channel, onMessage)
      resolve(message)
    }
    diagnosticsChannel.subscribe(channel, onMessage)
  })
}

module.exports = { TOKEN, listen, serve, client, nextEvent }
