'use strict'

// npm run test:package: the packed tarball as tools and compilers see it. publint and attw look for what is wrong with it, and programs that use all
// of it are compiled by the oldest TypeScript that is supported and by the newest, with each way of resolving modules, libraries checked.

const { execFileSync, spawnSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { installPackage } = require('./packages')
const { pack } = require('./pack')

const PUBLINT = ['publint', '0.3.25', 'src/cli.js']
const ATTW = ['@arethetypeswrong/cli', '0.18.5', 'dist/index.js']

const CJS = { file: 'program.cts', module: 'node16', moduleResolution: 'node16' }
const ESM = { file: 'program.mts', module: 'node16', moduleResolution: 'node16' }
const BUNDLER = { file: 'program.ts', module: 'es2022', moduleResolution: 'bundler' }
const NODE10 = { file: 'program.ts', module: 'commonjs', moduleResolution: 'node' }

/** Each TypeScript with types of Node that it can read itself. The newest has no node10 any more. */
const COMPILERS = [
  { typescript: '5.0.4', types: '20.9.5', ways: [NODE10, CJS, ESM, BUNDLER] },
  { typescript: '5.9.3', types: '20.19.43', ways: [NODE10, CJS, ESM, BUNDLER] },
  { typescript: '7.0.2', types: '26.6.6', ways: [CJS, ESM, BUNDLER] }
]

const PROGRAM = `import { onSignal, openSnapshot, startSampling, takeSnapshot, HeapkitError } from 'heapkit'
import type { Artifact, CaptureEndEvent, SnapshotArtifact } from 'heapkit'
import * as all from 'heapkit'
import 'heapkit/register'

export async function capture (): Promise<Artifact[]> {
  const session: all.SamplingSession = startSampling({ stackDepth: 8 })
  const snapshot: SnapshotArtifact = await takeSnapshot({ mode: 'auto', redact: { keep: [/x/] }, signal: new AbortController().signal })
  const heap = await openSnapshot(snapshot.path)
  const held: number = snapshot.mode === 'fork' ? snapshot.heldBackMs : 0
  console.log(held, (await heap.summary()).classes.length, all.createSnapshotStream().artifact?.path)
  onSignal('SIGUSR2', 'cpu', { seconds: 1, onArtifact: ({ format }) => { const only: 'cpuprofile' | all.ProfileFormat = format; console.log(only) } })
  return [snapshot, await session.stop()]
}

export function ended ({ artifact }: CaptureEndEvent): boolean {
  return artifact.path === null && !(artifact instanceof HeapkitError)
}

// @ts-expect-error a snapshot takes as long as it takes
onSignal('SIGUSR2', 'snapshot', { seconds: 1 })
`
const REQUIRED = `import heapkit = require('heapkit')
export const session: heapkit.SamplingSession = heapkit.startSampling()
`

/** Compiles the programs in each way; answers what came of each. */
function compile (app, { typescript, types, ways }) {
  const compiler = path.join(installPackage('typescript', typescript), 'node_modules/typescript')
  const { bin } = JSON.parse(fs.readFileSync(path.join(compiler, 'package.json'), 'utf8'))
  const typeRoot = path.join(installPackage('@types/node', types), 'node_modules/@types')
  return ways.map(({ file, ...how }) => {
    const compilerOptions = { ...how, strict: true, skipLibCheck: false, noEmit: true, target: 'es2022', lib: ['es2022'], types: ['node'], typeRoots: [typeRoot] }
    const files = how.moduleResolution === 'node16' && file === CJS.file ? [file, 'required.cts'] : [file]
    fs.writeFileSync(path.join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
    return check(`TypeScript ${typescript}, moduleResolution ${how.moduleResolution}, ${file}`, path.join(compiler, bin.tsc), ['--project', app])
  })
}

/** Runs a command of a package; answers whether it was content, and shows what it said otherwise. */
function check (what, script, args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
  console.log(`package: ${what}: ${status === 0 ? 'passed' : 'FAILED'}`)
  if (status !== 0) console.log(stdout + stderr)
  return status === 0
}

function command ([name, version, script]) {
  return path.join(installPackage(name, version), 'node_modules', name, script)
}

function main () {
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-package-'))
  try {
    const [tarball] = pack(path.join(work, 'tarballs'))
    const app = path.join(work, 'app')
    const installed = path.join(app, 'node_modules/heapkit')
    fs.mkdirSync(installed, { recursive: true })
    execFileSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'])
    for (const file of [NODE10.file, CJS.file, ESM.file]) fs.writeFileSync(path.join(app, file), PROGRAM)
    fs.writeFileSync(path.join(app, 'required.cts'), REQUIRED)
    const results = [
      check('publint', command(PUBLINT), ['run', tarball, '--strict']),
      check('attw', command(ATTW), [tarball]),
      ...COMPILERS.flatMap((compiler) => compile(app, compiler))
    ]
    const passed = results.filter(Boolean).length
    console.log(`${passed} passed, ${results.length - passed} failed`)
    process.exitCode = passed === results.length ? 0 : 1
  } finally {
    fs.rmSync(work, { recursive: true, force: true })
  }
}

main()
