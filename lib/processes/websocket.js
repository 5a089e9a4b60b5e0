'use strict'

// A client of the WebSocket protocol (RFC 6455), as far as Node's inspector speaks it: text both ways, on the loopback interface, without extensions. Node.js
// has a client of its own from 22 on only, and a package of others would be one more inside of every service that heapkit is installed in.

const { createHash, randomBytes } = require('node:crypto')
const http = require('node:http')

const TEXT = 1
const CLOSE = 8
const PING = 9
const PONG = 10
const FINAL = 0x80
const MASKED = 0x80
const OPCODE = 0x0f
const LENGTH = 0x7f
const LENGTH_16 = 126
const LENGTH_64 = 127

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

class WebSocket {
  #socket
  #received = new Frames()
  #fragments = []
  /** Called with each message, a Buffer, and when the connection is over. */
  onMessage = () => {}
  onClose = () => {}

  constructor (socket, first) {
    this.#socket = socket
    // What is wrong, the end says.
    socket.on('error', () => {})
    socket.on('close', () => this.onClose())
    socket.on('data', (bytes) => this.#take(bytes))
    if (first.length > 0) process.nextTick(() => this.#take(first))
  }

  /** Opens `path` of 127.0.0.1, or of ::1, at `port`. */
  static open ({ host, port, path, timeoutMs }) {
    const key = randomBytes(16).toString('base64')
    const headers = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': key, 'Sec-WebSocket-Version': '13' }
    const accept = createHash('sha1').update(key + GUID).digest('base64')
    return new Promise((resolve, reject) => {
      const request = http.get({ host, port, path, headers, timeout: timeoutMs })
      request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)))
      request.on('error', reject)
      request.on('response', (response) => {
        response.resume()
        reject(new Error(`HTTP ${response.statusCode} instead of a WebSocket`))
      })
      request.on('upgrade', (response, socket, first) => {
        socket.setTimeout(0)
        if (response.headers['sec-websocket-accept'] === accept) resolve(new WebSocket(socket, first))
        else reject(new Error('the answer is not that of a WebSocket'))
      })
    })
  }

  send (text) { this.#write(TEXT, Buffer.from(text)) }

  /** Ends the connection without waiting for the other side. */
  close () {
    this.#write(CLOSE, Buffer.alloc(0))
    this.#socket.end()
    this.#socket.unref()
  }

  #write (opcode, payload) {
    if (!this.#socket.writable) return
    const mask = randomBytes(4)
    const masked = Buffer.from(payload)
    for (let at = 0; at < masked.length; at++) masked[at] ^= mask[at & 3]
    this.#socket.write(Buffer.concat([head(opcode, payload.length), mask, masked]))
  }

  #take (bytes) {
    this.#received.push(bytes)
    for (let frame; (frame = this.#received.next());) this.#frame(frame)
  }

  #frame ({ opcode, isFinal, payload }) {
    if (opcode === PING) this.#write(PONG, payload)
    else if (opcode === CLOSE) this.#socket.end()
    else if (opcode < CLOSE) {
      this.#fragments.push(payload)
      if (!isFinal) return
      const message = Buffer.concat(this.#fragments)
      this.#fragments = []
      this.onMessage(message)
    }
  }
}

function head (opcode, length) {
  const bytes = Buffer.alloc(length < LENGTH_16 ? 2 : length < 0x1_0000 ? 4 : 10)
  bytes[0] = FINAL | opcode
  if (bytes.length === 2) bytes[1] = MASKED | length
  else if (bytes.length === 4) {
    bytes[1] = MASKED | LENGTH_16
    bytes.writeUInt16BE(length, 2)
  } else {
    bytes[1] = MASKED | LENGTH_64
    bytes.writeBigUInt64BE(BigInt(length), 2)
  }
  return bytes
}

/** Puts frames together of what comes: a profile of many megabytes comes in pieces of 64 KB, and each piece is copied once. */
class Frames {
  #pieces = []
  #length = 0

  push (bytes) {
    this.#pieces.push(bytes)
    this.#length += bytes.length
  }

  /** The next whole frame, { opcode, isFinal, payload }, or undefined. */
  next () {
    const start = this.#peek(10)
    if (start.length < 2) return undefined
    const short = start[1] & LENGTH
    const size = short < LENGTH_16 ? 2 : short === LENGTH_16 ? 4 : 10
    if (start.length < size) return undefined
    const length = short < LENGTH_16 ? short : short === LENGTH_16 ? start.readUInt16BE(2) : Number(start.readBigUInt64BE(2))
    if (this.#length < size + length) return undefined
    const whole = this.#pieces.length === 1 ? this.#pieces[0] : Buffer.concat(this.#pieces)
    const rest = whole.subarray(size + length)
    this.#pieces = rest.length > 0 ? [rest] : []
    this.#length = rest.length
    return { opcode: start[0] & OPCODE, isFinal: (start[0] & FINAL) !== 0, payload: whole.subarray(size, size + length) }
  }

  /** Up to `count` bytes of the front. */
  #peek (count) {
    if (this.#pieces.length === 0) return Buffer.alloc(0)
    if (this.#pieces[0].length >= count || this.#pieces.length === 1) return this.#pieces[0].subarray(0, count)
    const front = []
    for (let size = 0, at = 0; size < count && at < this.#pieces.length; at++) {
      front.push(this.#pieces[at])
      size += this.#pieces[at].length
    }
    return Buffer.concat(front).subarray(0, count)
  }
}

module.exports = { WebSocket }
