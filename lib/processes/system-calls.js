'use strict'

// Where a thread that runs nothing waits: the system call, by name for those in which Node's threads are found. The numbers are the kernel's ABI.

const proc = require('./proc')

const NAMES = {
  x64: named(
    '0 read, 1 write, 3 close, 7 poll, 17 pread64, 18 pwrite64, 19 readv, 20 writev, 23 select, 35 nanosleep, 42 connect, 43 accept, 44 sendto, 45 recvfrom, ' +
    '46 sendmsg, 47 recvmsg, 61 wait4, 73 flock, 74 fsync, 75 fdatasync, 202 futex, 230 clock_nanosleep, 232 epoll_wait, 247 waitid, 257 openat, ' +
    '281 epoll_pwait, 426 io_uring_enter'),
  arm64: named(
    '22 epoll_pwait, 32 flock, 56 openat, 57 close, 63 read, 64 write, 65 readv, 66 writev, 67 pread64, 68 pwrite64, 72 pselect6, 73 ppoll, 82 fsync, ' +
    '83 fdatasync, 95 waitid, 98 futex, 101 nanosleep, 115 clock_nanosleep, 202 accept, 203 connect, 206 sendto, 207 recvfrom, 211 sendmsg, 212 recvmsg, ' +
    '260 wait4, 426 io_uring_enter')
}

function named (text) {
  return Object.fromEntries(text.split(', ').map((one) => one.split(' ')))
}

/** In words; null for a thread that runs, or of which nothing is to be known. */
function waitOf (pid, tid) {
  const [number] = (proc.read(pid, `task/${tid}/syscall`) ?? '').trim().split(' ')
  if (number === 'running') return null
  // Without the right to trace it only the place in the kernel is to be had, and that not everywhere.
  if (!/^\d+$/.test(number)) return proc.read(pid, `task/${tid}/wchan`)?.replace(/^0$/, '') || null
  return NAMES[process.arch]?.[number] ?? `system call ${number}`
}

module.exports = { waitOf }
