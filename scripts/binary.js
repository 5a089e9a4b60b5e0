'use strict'

// What an addon's own bytes say about where it runs, without tools of that platform.

const fs = require('node:fs')

const ELF = { x64: 62, arm64: 183 }
const MACH_O = { x64: 0x01000007, arm64: 0x0100000c }
const PE = { x64: 0x8664, arm64: 0xaa64 }
const LC_BUILD_VERSION = 0x32

/** What the addon needs of its platform, in words; an error where it is for another one than the target. */
function needsOf (file, { name, os, cpu, libc }) {
  const bytes = fs.readFileSync(file)
  const wrong = (what) => new Error(`${file} is not for ${name}: ${what}`)
  if (os === 'linux') {
    if (bytes.toString('latin1', 0, 4) !== '\x7fELF' || bytes.readUInt16LE(18) !== ELF[cpu]) throw wrong('no ELF file for this processor')
    const minors = [...bytes.toString('latin1').matchAll(/\0GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor))
    if ((minors.length > 0) !== (libc === 'glibc')) throw wrong(minors.length > 0 ? 'it needs glibc' : 'it does not need glibc')
    return libc === 'glibc' ? `glibc 2.${Math.max(...minors)}` : 'musl'
  }
  if (os === 'darwin') {
    if (bytes.readUInt32LE(0) !== 0xfeedfacf || bytes.readUInt32LE(4) !== MACH_O[cpu]) throw wrong('no Mach-O file for this processor')
    return `macOS ${lowestMacOS(bytes) ?? '?'}`
  }
  const header = bytes.toString('latin1', 0, 2) === 'MZ' ? bytes.readUInt32LE(0x3c) : 0
  if (header === 0 || bytes.readUInt16LE(header + 4) !== PE[cpu]) throw wrong('no PE file for this processor')
  return 'Windows'
}

function lowestMacOS (bytes) {
  let at = 32
  for (let left = bytes.readUInt32LE(16); left > 0; left--) {
    if (bytes.readUInt32LE(at) === LC_BUILD_VERSION) {
      const version = bytes.readUInt32LE(at + 12)
      return `${version >>> 16}.${(version >>> 8) & 0xff}`
    }
    at += bytes.readUInt32LE(at + 4)
  }
}

module.exports = { needsOf }
