'use strict'

// The operating system's errors as the core tells of them, in the shape that Node.js gives its own. The core knows what kind each is
// (`name`). Its number is the system's: on Windows that is not the one that Node.js has for the same thing, elsewhere it says more.

const { getSystemErrorMap } = require('node:util')

function systemError ({ name, errno, reason, syscall, path }, platform = process.platform) {
  if (reason === undefined) return undefined
  const known = getSystemErrorMap()
  const own = errno === undefined || platform === 'win32' ? undefined : -errno
  const code = known.get(own)?.[0] ?? name ?? (own === undefined ? 'UNKNOWN' : `E${errno}`)
  if (code === 'UNKNOWN' && errno === undefined) return new Error(reason)
  const number = own ?? [...known].find(([, [other]]) => other === code)?.[0]
  return Object.assign(new Error(`${code}: ${reason}, ${syscall} '${path}'`), { errno: number, code, syscall, path })
}

module.exports = { systemError }
