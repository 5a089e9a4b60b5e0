'use strict'

// npm run test:cgroup2 [-- --work DIR --record DIR --accel tcg --only PATTERN --heapkit DIR]: the memory rules of forked
// snapshots on control groups of version 2, in a virtual machine, because a machine can give the memory controller to one
// version only (scripts/vm.js). What runs inside is vm-cgroup2/guest.js. Exits 1 unless every check holds.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { parseArgs } = require('node:util')
const { boot, image, pack, partsOf } = require('./vm')

const MEGABYTES = 2048
// Without hardware virtualization everything takes ten to fifty times as long.
const MINUTES = { kvm: 15, tcg: 90 }

const { values } = parseArgs({
  options: {
    // Where the image is, kept to be looked at; otherwise a temporary directory that goes away.
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
  const parts = partsOf('x64')
  const archive = makeImage(work, parts)
  const run = (accel) => boot(parts, {
    name: 'cgroup2',
    archive,
    work,
    accel,
    megabytes: MEGABYTES,
    processors: 1,
    append: values.only ? `heapkit.only=${Buffer.from(values.only).toString('base64url')}` : '',
    minutes: Number(values.minutes ?? MINUTES[accel] ?? MINUTES.tcg),
    onLine
  })
  const outcome = await run(accel)
  if (outcome.ready || accel !== 'kvm' || values.accel) return outcome.failed
  // A machine that is itself virtual may have the device, and not what it takes to boot with it.
  console.log('cgroup2: nothing boots with kvm here, once more without it')
  return (await run('tcg')).failed
}

function usable (device) {
  try {
    fs.closeSync(fs.openSync(device, 'r+'))
    return true
  } catch {
    return false
  }
}

/** This Node, heapkit with its tests, BusyBox. */
function makeImage (work, parts) {
  const { dir, put } = image(work)
  put(parts.busybox, 'bin/busybox')
  put(process.execPath, 'bin/node')
  put(which('unshare'), 'bin/unshare')
  const modules = path.join(parts.tree, 'lib/modules')
  put(path.join(modules, fs.readdirSync(modules)[0], 'kernel/drivers/block/loop.ko'), 'loop.ko')
  const addon = path.join(ROOT, 'lib', 'heapkit.linux-x64-gnu.node')
  if (!fs.existsSync(addon)) throw new Error(`${addon} is missing: npm run build`)
  for (const file of new Set([process.execPath, which('unshare'), addon].flatMap(libraries))) put(file, file)
  for (const part of ['index.js', 'package.json', 'lib', '__test__']) put(path.join(ROOT, part), path.join('heapkit', part))
  put(path.join(__dirname, 'vm-cgroup2', 'guest.js'), 'heapkit/scripts/vm-cgroup2/guest.js')
  put(path.join(__dirname, 'vm-cgroup2', 'init.sh'), 'init')
  return pack(parts, dir, path.join(work, 'initramfs'))
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

/** Takes what is recorded out of what is printed. */
function onLine (line) {
  const [, name, text] = /^RECORD (\S+) (".*")$/.exec(line) ?? []
  if (name !== undefined && values.record) record(name, JSON.parse(text))
  return name !== undefined
}

function record (name, text) {
  const file = path.join(values.record, path.normalize(`/${name}`))
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, text)
}
