'use strict'

// What captures, events and errors really hold, against the types: written down as object literals, in which TypeScript refuses a
// property that the type does not have, and misses one that it has.

const assert = require('node:assert/strict')
const { spawnSync } = require('node:child_process')
const diagnosticsChannel = require('node:diagnostics_channel')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { tmpDir } = require('./support')
const heapkit = require('..')

const ROOT = path.join(__dirname, '..')
const TSC = require.resolve('typescript/bin/tsc')

/** What TypeScript says about a file that declares `values` as [type, value]. In a process of its own: it would be most of a snapshot here. */
function complaints (dir, values) {
  const lines = values.map(([type, value], index) => `export const value${index}: heapkit.${type} = ${source(value)}`)
  fs.writeFileSync(path.join(dir, 'values.ts'), `import type * as heapkit from ${JSON.stringify(path.join(ROOT, 'index.js'))}\n${lines.join('\n')}\n`)
  const config = {
    extends: path.join(__dirname, 'types/tsconfig.json'),
    compilerOptions: { typeRoots: [path.join(ROOT, 'node_modules/@types')] },
    files: ['values.ts']
  }
  fs.writeFileSync(path.join(dir, 'tsconfig.json'), JSON.stringify(config))
  return spawnSync(process.execPath, [TSC, '--project', dir], { encoding: 'utf8' }).stdout
}

function source (value) {
  if (value instanceof Error) return `new Error(${JSON.stringify(value.message)})`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  if (Array.isArray(value)) return `[${value.map(source).join(', ')}]`
  return `{ ${Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${source(one)}`).join(', ')} }`
}

test('what heapkit answers, reports and publishes is what the types say', async (t) => {
  const dir = tmpDir(t)
  const values = [...await captured(t, dir), ...await asked(t, dir)]
  assert.equal(complaints(dir, values), '')
})

/** Artifacts, progress, the messages of the diagnostics channels. */
async function captured (t, dir) {
  const values = []
  for (const [name, type] of [['start', 'CaptureStartEvent'], ['end', 'CaptureEndEvent'], ['error', 'CaptureErrorEvent']]) {
    const note = (message) => values.push([type, message])
    diagnosticsChannel.subscribe(`heapkit:capture:${name}`, note)
    t.after(() => diagnosticsChannel.unsubscribe(`heapkit:capture:${name}`, note))
  }
  const onProgress = (progress) => values.push(['Progress', progress])
  values.push(['InlineSnapshotArtifact', await heapkit.takeSnapshot({ dir, mode: 'inline', redact: true, onProgress })])
  if (process.platform === 'linux') values.push(['ForkedSnapshotArtifact', await heapkit.takeSnapshot({ dir, mode: 'fork', onProgress })])
  const sampling = heapkit.startSampling()
  values.push(['SamplingArtifact', await sampling.capture({ dir })], ['SamplingArtifact', await sampling.stop({ dir })])
  values.push(['TimelineArtifact', await heapkit.startTimeline().stop({ dir, redact: 'strict' })])
  values.push(['CpuArtifact', await heapkit.startCpuProfile().stop({ dir })])
  const stream = heapkit.createSnapshotStream({ dir })
  await stream.resume().toArray()
  values.push(['StreamArtifact', stream.artifact])
  await assert.rejects(heapkit.takeSnapshot({ dir: __filename }))
  for (const file of await heapkit.listArtifacts(dir)) values.push(['ArtifactFile', file])

  const seen = new Set(values.map(([type]) => type))
  assert.deepEqual([...seen].filter((type) => /Event$/.test(type)).sort(), ['CaptureEndEvent', 'CaptureErrorEvent', 'CaptureStartEvent'])
  assert.ok(seen.has('Progress') && seen.has('ArtifactFile'))
  return values
}

/** Answers about snapshots. */
async function asked (t, dir) {
  const { path: before } = await heapkit.takeSnapshot({ dir })
  const { path: after } = await heapkit.takeSnapshot({ dir })
  const heap = await heapkit.openSnapshot(before)
  t.after(() => heap.close())
  const progress = []
  const values = [
    ['HeapSummary', await heap.summary({ top: 3 })],
    ['HeapSuspects', await heap.suspects({ threshold: 0.05 })],
    ['HeapRetainers', await heap.retainers('Module', { paths: 2 })],
    ['HeapDiff', await heapkit.diffSnapshots([before, after], { top: 3, onProgress: (report) => progress.push(['ReadingProgress', report]) })]
  ]
  assert.ok(progress.length > 0)
  return [...values, ...progress]
}
