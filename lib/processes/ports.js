'use strict'

// The TCP ports on which a process listens, by the tables of its own network namespace.

const proc = require('./proc')

const LISTENING = '0A'

/** [{ host, port }] of a process; of its sockets only, not of others in its namespace. */
function listeningPorts (pid) {
  const own = new Set(proc.list(pid, 'fd').map((name) => proc.link(pid, `fd/${name}`)))
  return listeners(pid).filter(({ inode }) => own.has(`socket:[${inode}]`)).map(({ host, port }) => ({ host, port }))
}

/** Whether anybody in the namespace of `pid` listens on a port. */
function isInUse (pid, port) {
  return listeners(pid).some((one) => one.port === port)
}

function listeners (pid) {
  return ['net/tcp', 'net/tcp6'].flatMap((name) => (proc.read(pid, name) ?? '').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === LISTENING)
    .map(([, local, , , , , , , , inode]) => ({ ...address(local), inode }))
}

/** '0100007F:240D', as the kernel writes it: words of 32 bits in the machine's order. */
function address (text) {
  const [words, port] = text.split(':')
  const bytes = words.match(/.{8}/g).flatMap((word) => word.match(/../g).reverse())
  const host = bytes.length === 4 ? bytes.map((byte) => parseInt(byte, 16)).join('.') : bytes.join('').match(/.{4}/g).join(':')
  return { host: REACHED[host] ?? host, port: parseInt(port, 16) }
}

/** Where who listens everywhere is reached. */
const REACHED = {
  '0.0.0.0': '127.0.0.1',
  '0000:0000:0000:0000:0000:0000:0000:0000': '::1',
  '0000:0000:0000:0000:0000:0000:0000:0001': '::1'
}

module.exports = { listeningPorts, isInUse }
