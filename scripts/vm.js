'use strict'

// Virtual machines for what this machine cannot show: without disk and network, with nothing but files that the kernel unpacks into memory. What runs
// inside says line by line on the second serial port what held; the kernel has the first for itself. The emulator, the kernel and BusyBox are
// Debian's, unpacked in .cross/.

const { execFileSync, spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const readline = require('node:readline')
const { BOOKWORM, debian } = require('./cross')

const MACHINES = {
  x64: {
    emulator: 'qemu-system-x86_64',
    packages: { plan: ['qemu-system-x86'], alone: ['busybox-static'], newest: ['linux-image-cloud-amd64'] },
    kernelSays: 'ttyS0',
    ports: (file) => ['-serial', `file:${file}`, '-serial', 'stdio'],
    args: ['-cpu', 'max']
  },
  arm64: {
    emulator: 'qemu-system-aarch64',
    packages: { plan: ['qemu-system-arm'], alone: ['busybox-static'], newest: ['linux-image-cloud-arm64:arm64'] },
    kernelSays: 'ttyAMA0',
    // The board has one port; another comes on a card.
    ports: (file) => ['-serial', `file:${file}`, '-chardev', 'stdio,id=says,signal=off', '-device', 'pci-serial,chardev=says'],
    // Pointers are signed in the way that an emulator can do quickly.
    args: ['-machine', 'virt', '-cpu', 'max,pauth-impdef=on']
  }
}

// For the kernel to come to process 1, in seconds; where it does not, the virtualization does not work.
const READY_SECONDS = { kvm: 60, tcg: 600 }

/** What a machine of that architecture is made of. `busybox` is for this machine. */
function partsOf (cpu) {
  const tree = debian(`vm-${cpu}`, BOOKWORM, MACHINES[cpu].packages)
  const boot = path.join(tree, 'boot')
  return { cpu, tree, kernel: path.join(boot, fs.readdirSync(boot).find((name) => name.startsWith('vmlinuz-'))), busybox: path.join(tree, 'bin/busybox') }
}

/** An empty folder for the machine's files, with where its process 1 mounts things: { dir, put(from, to) }. */
function image (work) {
  const dir = path.join(work, 'image')
  fs.rmSync(dir, { recursive: true, force: true })
  for (const name of ['proc', 'sys', 'dev', 'tmp', 'bin']) fs.mkdirSync(path.join(dir, name), { recursive: true })
  return {
    dir,
    /** A copy of a file, or of a whole folder; of what a link leads to. */
    put (from, to) {
      fs.cpSync(fs.realpathSync(from), path.join(dir, to), { recursive: true, verbatimSymlinks: true })
    }
  }
}

/** The archive that the kernel takes; `init` in the folder is process 1. */
function pack ({ busybox }, dir, archive) {
  fs.chmodSync(path.join(dir, 'init'), 0o755)
  execFileSync('/bin/sh', ['-c', 'cd "$1" && find . | "$2" cpio -o -H newc > "$3"', 'sh', dir, busybox, archive], { stdio: ['ignore', 'inherit', 'ignore'] })
  return archive
}

/**
 * Runs a machine to its end: { ready, failed }, whether it came to process 1, and whether anything failed. `settings` are { name, archive, work, megabytes,
 * processors, accel, args, append, minutes, onLine }: `args` are more for the emulator, `append` is for the kernel, `onLine` answers true for a line that is
 * not to be printed.
 */
async function boot ({ cpu, tree, kernel }, { name, archive, work, megabytes, processors, accel, args = [], append = '', minutes, onLine = () => false }) {
  const { emulator: command, kernelSays, ports, args: board } = MACHINES[cpu]
  const share = (part) => path.join(tree, 'usr/share', part)
  const own = path.join(tree, 'usr/bin', command)
  const [emulator, more] = fs.existsSync(own) ? [own, ['-L', share('qemu'), '-L', share('seabios')]] : [command, []]
  const libraryPath = ['usr/lib', 'lib'].map((dir) => path.join(tree, dir, 'x86_64-linux-gnu')).join(':')
  const console_ = path.join(work, 'console.log')
  const started = Date.now()
  console.log(`${name}: ${path.basename(kernel)} on ${accel}, ${megabytes} MiB, ${processors === 1 ? 'one processor' : `${processors} processors`}`)
  const machine = spawn('nice', ['-n', '5', emulator, ...more, ...board, ...args, ...ports(console_),
    '-accel', accel, '-smp', String(processors), '-m', String(megabytes), '-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-nic', 'none',
    '-kernel', kernel, '-initrd', archive, '-append', `console=${kernelSays} panic=-1 quiet ${append}`
  ], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, LD_LIBRARY_PATH: libraryPath } })
  const interrupted = () => { machine.kill('SIGKILL') }
  process.on('exit', interrupted)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  const stop = (why, after) => setTimeout(() => {
    console.log(`${name}: ${why}`)
    machine.kill('SIGKILL')
  }, after)
  const seconds = READY_SECONDS[accel] ?? READY_SECONDS.tcg
  const clocks = [stop(`the machine did not end within ${minutes} minutes`, minutes * 60_000), stop(`the machine did not start within ${seconds} s`, seconds * 1000)]
  const ended = new Promise((resolve, reject) => machine.on('error', reject).on('close', resolve))
  const seen = { ready: false, held: 0, failed: 0, notes: 0, planned: undefined }
  for await (const line of readline.createInterface({ input: machine.stdout })) {
    const text = line.replace(/\r$/, '')
    count(text, seen)
    if (seen.ready) clearTimeout(clocks[1])
    if (!/^(READY|END \d+)$/.test(text) && !onLine(text)) console.log(text)
  }
  await ended
  clocks.forEach(clearTimeout)
  process.off('exit', interrupted)
  if (!seen.ready) return { ready: false, failed: true }
  const complete = seen.planned !== undefined && seen.planned === seen.held + seen.failed
  if (!complete) console.log(`not ok - the machine ended before its checks did; the end of its console:\n${fs.readFileSync(console_, 'utf8').slice(-3000)}`)
  console.log(`${name}: ${seen.held} held, ${seen.failed} failed, in ${Math.round((Date.now() - started) / 1000)} s`)
  return { ready: true, failed: !complete || seen.failed > 0 || seen.held + seen.notes === 0 }
}

/** The lines that mean something: process 1 is there, a check held or not, something was noted, so many checks there were. */
function count (line, seen) {
  const planned = /^END (\d+)$/.exec(line)?.[1]
  if (line === 'READY') seen.ready = true
  if (planned !== undefined) seen.planned = Number(planned)
  if (line.startsWith('ok - ')) seen.held++
  if (line.startsWith('not ok - ')) seen.failed++
  if (line.startsWith('note - ')) seen.notes++
}

module.exports = { boot, image, pack, partsOf }
