'use strict'

// What an emulated arm64 machine cannot show, by name and with the reason. vm-arm64.js prints and counts it.

/** Tests of which nothing follows here: { file, title, libc, reason }; without `libc` for both C libraries. */
const EXCEPTIONS = []

/** What no test can ask of such a machine. */
const LIMITS = [
  ['the order of memory accesses between processors', 'the two processors take turns on one thread of an x64 machine: nothing is reordered, nothing happens at the same time'],
  ['caches of instructions that go stale', 'the emulator throws translated code away whenever its memory is written, asked or not'],
  ['pauses, and every other figure of speed', 'the machine\'s clock counts instructions, one nanosecond each, however long they take'],
  ['pages of 16 and 64 KiB', 'Debian\'s kernel has pages of 4 KiB'],
  ['memory tagging', 'the board has none, and Node does not ask for it'],
  ['kernels, sandboxes and container runtimes of clouds', 'one kernel of Debian runs the tests as root, without a container']
]

const NATIVE = 'packages of others with native code, which would have to be built for this machine'

/** Cells of the stress matrix that are left out: [cell, reason]. */
const LEFT_OUT = [
  ['sharp, bcrypt, argon2', NATIVE],
  ['piscina', 'workers of Node with a package on top; "busy workers" has them, too'],
  ['isolated-vm', NATIVE],
  ['better-sqlite3 12', NATIVE],
  ['better-sqlite3 13', NATIVE],
  ['lmdb', NATIVE],
  ['jemalloc', 'a library that Debian has for glibc only']
]

module.exports = { EXCEPTIONS, LIMITS, LEFT_OUT }
