'use strict'

// npm run test:cgroup2 [-- --work DIR --record DIR --accel tcg --only PATTERN --heapkit DIR]: the memory rules of forked
// snapshots on control groups of version 2, in a virtual machine, because a machine can give the memory controller to one
// version only. What runs inside is vm-cgroup2/guest.js. Exits 1 unless every check holds.
//
// An emulator, a kernel and BusyBox come from Debian's packages where they are not installed: downloaded and unpacked, never
// installed. The machine has no disk and no network.

const { execFileSync, spawn } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const readline = require('node:readline')

const EMULATOR = 'qemu-system-x86_64'
const KERNEL = 'linux-image-cloud-amd64'
const MEGABYTES = 2048
// For the kernel to come to process 1, in seconds; where it does not, the virtualization does not work.
const READY_SECONDS = { kvm: 60, tcg: 600 }
// Without hardware virtualization everything takes ten to fifty times as long.
const MINUTES = { kvm: 15, tcg: 90 }

const { values } = parseArgs({
  options: {
    // Where packages and the image are, kept for the next time; otherwise a temporary directory that goes away.
    work: { type: 'string' },
    // Where the files of control groups that were seen inside are written to.
    record: { type: 'string' },
    accel: { type: 'string' },
    // Another checkout whose addon and tests are run.
    heapkit: { type: 'string' },
    // A pattern for the titles of the checks to run.
    only: { type: 'string' },
    minutes: { type: 'string' }
  }
})

const ROOT = path.resolve(values.heapkit ?? path.join(__dirname, '..'))

main().then((failed) => { process.exitCode = failed ? 1 : 0 }, (error) => {
  console.error(`cgroup2: ${error.message}`)
  process.exitCode = 1
})

async function main () {
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('needs Linux on x64: the kernel and the addon are for it')
  const work = values.work ? path.resolve(values.work) : fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-vm-'))
  fs.mkdirSync(work, { recursive: true })
  // However it ends.
  if (!values.work) process.on('exit', () => fs.rmSync(work, { recursive: true, force: true }))
  const accel = values.accel ?? (usable('/dev/kvm') ? 'kvm' : 'tcg')
  const debian = unpacked(work)
  const initramfs = makeImage(work, debian)
  const outcome = await boot({ ...debian, initramfs, accel, work })
  if (outcome.ready || accel !== 'kvm' || values.accel) return outcome.failed
  // A machine that is itself virtual may have the device, and not what it takes to boot with it.
  console.log('cgroup2: nothing boots with kvm here, once more without it')
  return (await boot({ ...debian, initramfs, accel: 'tcg', work })).failed
}

function usable (device) {
  try {
    fs.closeSync(fs.openSync(device, 'r+'))
    return true
  } catch {
    return false
  }
}

/** The emulator, a kernel and BusyBox out of Debian's packages, in a directory of their own. */
function unpacked (work) {
  const tree = path.join(work, 'debian')
  if (!fs.existsSync(tree)) {
    const debs = path.join(work, 'debs')
    fs.mkdirSync(debs, { recursive: true })
    let packages
    try {
      packages = wanted()
      apt('apt-get', ['download', ...packages], debs)
    } catch {
      // The lists are missing, or older than the packages.
      apt('apt-get', ['update'])
      packages = wanted()
      apt('apt-get', ['download', ...packages], debs)
    }
    const half = `${tree}.partial`
    fs.rmSync(half, { recursive: true, force: true })
    for (const name of fs.readdirSync(debs)) execFileSync('dpkg-deb', ['-x', path.join(debs, name), half])
    fs.renameSync(half, tree)
  }
  const boot = path.join(tree, 'boot')
  return {
    tree,
    kernel: path.join(boot, fs.readdirSync(boot).find((name) => name.startsWith('vmlinuz-'))),
    busybox: path.join(tree, 'bin/busybox')
  }
}

/** The packages to download, with their versions: the emulator with what it needs and is not installed, the kernel by its real name, BusyBox. */
function wanted () {
  const plan = apt('apt-get', ['--simulate', '--no-install-recommends', 'install', 'qemu-system-x86'])
  const emulator = [...plan.matchAll(/^Inst (\S+) (?:\[.*?\] )?\((\S+)/gm)].map(([, name, version]) => `${name}=${version}`)
  // The package of the kernel is an empty one that depends on the newest.
  const kernel = /Depends: (linux-image-\S+)/.exec(apt('apt-cache', ['depends', KERNEL]))?.[1]
  if (!kernel) throw new Error(`apt-cache knows no kernel of ${KERNEL}`)
  return [...emulator, kernel, 'busybox-static']
}

function apt (command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, LC_ALL: 'C' } })
}

/** An archive of files for the kernel to unpack into memory: this Node, heapkit with its tests, BusyBox. */
function makeImage (work, { tree, busybox }) {
  const image = path.join(work, 'image')
  fs.rmSync(image, { recursive: true, force: true })
  const put = (from, to = from) => {
    const target = path.join(image, to)
    fs.mkdirSync(path.dirname(target), { recursive: true })
    fs.copyFileSync(fs.realpathSync(from), target)
  }
  for (const dir of ['proc', 'sys', 'dev', 'tmp', 'bin', 'heapkit']) fs.mkdirSync(path.join(image, dir), { recursive: true })
  put(busybox, 'bin/busybox')
  put(process.execPath, 'bin/node')
  put(which('unshare'), 'bin/unshare')
  const modules = path.join(tree, 'lib/modules')
  put(path.join(modules, fs.readdirSync(modules)[0], 'kernel/drivers/block/loop.ko'), 'loop.ko')
  const addon = path.join(ROOT, 'lib', 'heapkit.linux-x64-gnu.node')
  if (!fs.existsSync(addon)) throw new Error(`${addon} is missing: npm run build`)
  for (const file of new Set([process.execPath, which('unshare'), addon].flatMap(libraries))) put(file)
  for (const part of ['index.js', 'package.json', 'lib', '__test__']) fs.cpSync(path.join(ROOT, part), path.join(image, 'heapkit', part), { recursive: true })
  put(path.join(__dirname, 'vm-cgroup2', 'guest.js'), 'heapkit/scripts/vm-cgroup2/guest.js')
  put(path.join(__dirname, 'vm-cgroup2', 'init.sh'), 'init')
  fs.chmodSync(path.join(image, 'init'), 0o755)
  const archive = path.join(work, 'initramfs')
  execFileSync('/bin/sh', ['-c', 'cd "$1" && find . | "$2" cpio -o -H newc > "$3"', 'sh', image, busybox, archive], { stdio: ['ignore', 'inherit', 'ignore'] })
  return archive
}

function which (name) {
  const found = (process.env.PATH ?? '').split(path.delimiter).map((dir) => path.join(dir, name)).find((file) => fs.existsSync(file))
  if (!found) throw new Error(`${name} is not installed`)
  return found
}

/** The shared libraries that a file is loaded with, by absolute path. */
function libraries (file) {
  const said = execFileSync('ldd', [file], { encoding: 'utf8' })
  if (/not found/.test(said)) throw new Error(`${file} lacks libraries:\n${said}`)
  return [...said.matchAll(/(?:=> |^\s*)(\/\S+)/gm)].map(([, library]) => library)
}

/** Runs the machine to its end: { ready, failed }, whether it came to process 1, and whether anything failed. */
async function boot ({ tree, kernel, initramfs, accel, work }) {
  const share = (name) => path.join(tree, 'usr/share', name)
  const own = path.join(tree, 'usr/bin', EMULATOR)
  const [emulator, more] = fs.existsSync(own)
    ? [own, ['-L', share('qemu'), '-L', share('seabios')]]
    : [which(EMULATOR), []]
  const libraryPath = ['usr/lib', 'lib'].map((dir) => path.join(tree, dir, 'x86_64-linux-gnu')).join(':')
  const console_ = path.join(work, 'console.log')
  const args = [
    ...more, '-accel', accel, '-cpu', 'max', '-smp', '1', '-m', String(MEGABYTES), '-nodefaults', '-no-user-config', '-no-reboot',
    '-display', 'none', '-nic', 'none', '-serial', `file:${console_}`, '-serial', 'stdio',
    '-kernel', kernel, '-initrd', initramfs, '-append', `console=ttyS0 panic=-1 quiet${values.only ? ` heapkit.only=${Buffer.from(values.only).toString('base64url')}` : ''}`
  ]
  const started = Date.now()
  console.log(`cgroup2: ${path.basename(kernel)} on ${accel}, ${MEGABYTES} MiB, one processor`)
  const machine = spawn('nice', ['-n', '5', emulator, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, LD_LIBRARY_PATH: libraryPath } })
  const interrupted = () => { machine.kill('SIGKILL') }
  process.on('exit', interrupted)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  const stop = (why, after) => setTimeout(() => {
    console.log(`cgroup2: ${why}`)
    machine.kill('SIGKILL')
  }, after)
  const minutes = Number(values.minutes ?? MINUTES[accel] ?? MINUTES.tcg)
  const seconds = READY_SECONDS[accel] ?? READY_SECONDS.tcg
  const clocks = [stop(`the machine did not end within ${minutes} minutes`, minutes * 60_000), stop(`the machine did not start within ${seconds} s`, seconds * 1000)]
  const ended = new Promise((resolve, reject) => machine.on('error', reject).on('close', resolve))
  const seen = { ready: false, held: 0, failed: 0, notes: 0, planned: undefined }
  for await (const line of readline.createInterface({ input: machine.stdout })) {
    take(line.replace(/\r$/, ''), seen)
    if (seen.ready) clearTimeout(clocks[1])
  }
  await ended
  clocks.forEach(clearTimeout)
  process.off('exit', interrupted)
  if (!seen.ready) return { ready: false, failed: true }
  const complete = seen.planned !== undefined && seen.planned === seen.held + seen.failed
  if (!complete) {
    console.log(`not ok - the machine ended before its checks did; the end of its console:\n${fs.readFileSync(console_, 'utf8').slice(-3000)}`)
  }
  console.log(`cgroup2: ${seen.held} held, ${seen.failed} failed, in ${Math.round((Date.now() - started) / 1000)} s`)
  return { ready: true, failed: !complete || seen.failed > 0 || seen.held + seen.notes === 0 }
}

function take (line, seen) {
  const [, name, text] = /^RECORD (\S+) (".*")$/.exec(line) ?? []
  const planned = /^END (\d+)$/.exec(line)?.[1]
  if (line === 'READY') seen.ready = true
  else if (planned !== undefined) seen.planned = Number(planned)
  else if (name === undefined) console.log(line)
  else if (values.record) record(name, JSON.parse(text))
  if (line.startsWith('ok - ')) seen.held++
  if (line.startsWith('not ok - ')) seen.failed++
  if (line.startsWith('note - ')) seen.notes++
}

function record (name, text) {
  const file = path.join(values.record, path.normalize(`/${name}`))
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text)
}
