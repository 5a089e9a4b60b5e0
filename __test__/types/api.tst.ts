import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { describe, expect, test } from 'tstyche'
import * as heapkit from '../../index.js'
import type { Artifact, ArtifactFile, CaptureSession, HeapkitErrorCode, SamplingSession, SignalTrigger, SnapshotStream } from '../../index.js'

describe('captures', () => {
  test('answer artifacts', () => {
    expect(heapkit.takeSnapshot()).type.toBe<Promise<Artifact>>()
    expect(heapkit.stopSampling({ compression: 'zstd', level: 3 })).type.toBe<Promise<Artifact>>()
    expect(heapkit.startSampling({ sampleInterval: 1, stackDepth: 16 })).type.toBe<SamplingSession>()
    expect(heapkit.startTimeline({ trackAllocations: true })).type.toBe<CaptureSession<'heaptimeline'>>()
    expect(heapkit.startCpuProfile()).type.toBe<CaptureSession<'cpuprofile'>>()
    expect(heapkit.createSnapshotStream()).type.toBe<SnapshotStream>()
    expect(heapkit.createSnapshotStream()).type.toBeAssignableTo<Readable>()
    expect(heapkit.listArtifacts()).type.toBe<Promise<ArtifactFile[]>>()
  })

  test('take their own format only', () => {
    expect(heapkit.takeSnapshot).type.toBeCallableWith({ format: 'heapsnapshot' as const })
    expect(heapkit.takeSnapshot).type.not.toBeCallableWith({ format: 'cpuprofile' as const })
    expect(heapkit.startSampling().stop).type.not.toBeCallableWith({ format: 'heapsnapshot' as const })
  })

  test('refuse what the code refuses', () => {
    expect(heapkit.takeSnapshot).type.not.toBeCallableWith({ compression: 'brotli' })
    expect(heapkit.takeSnapshot).type.not.toBeCallableWith({ mode: 'spoon' })
    expect(heapkit.takeSnapshot).type.toBeCallableWith({ maxCpu: 'auto' as const })
    expect(heapkit.takeSnapshot).type.toBeCallableWith({ maxCpu: 0.25 })
    expect(heapkit.takeSnapshot).type.not.toBeCallableWith({ maxCpu: 'all' })
    expect(heapkit.startSampling).type.not.toBeCallableWith({ sampleInterval: 'x' })
    expect(heapkit.onSignal).type.not.toBeCallableWith('SIGUSR2' as const, 'everything')
    expect(heapkit.onSignal).type.toBeCallableWith('SIGUSR2' as const, 'snapshot' as const, { stableIds: true, onArtifact: () => {} })
    expect(heapkit.onSignal).type.toBeCallableWith('SIGUSR2' as const, 'cpu' as const, { seconds: 10, sampleInterval: 100 })
    expect(heapkit.onSignal).type.not.toBeCallableWith('SIGUSR2' as const, 'snapshot' as const, { seconds: 10 })
    expect(heapkit.onSignal).type.not.toBeCallableWith('SIGUSR2' as const, 'cpu' as const, { trackAllocations: true })
    expect(heapkit.createSnapshotStream).type.not.toBeCallableWith({ maxFiles: 1 })
  })

  test('can be watched and ended early', () => {
    expect(heapkit.takeSnapshot).type.toBeCallableWith({
      signal: new AbortController().signal,
      timeoutMs: 1000,
      onProgress: ({ phase, rawBytes, cpuShare, heldBackMs }: heapkit.Progress) => { console.log(phase, rawBytes, cpuShare, heldBackMs) }
    })
  })

  test('can be disposed of', async () => {
    await using session = heapkit.startSampling()
    expect(session.startedAt).type.toBe<Date>()
    using trigger = heapkit.onSignal('SIGUSR2', 'snapshot')
    expect(trigger).type.toBe<SignalTrigger>()
  })
})

describe('reading', () => {
  test('answers a graph to ask', async () => {
    using heap = await heapkit.openSnapshot('x', { partial: true, onProgress: ({ readBytes, totalBytes }) => { console.log(readBytes, totalBytes) } })
    expect(heap).type.toBe<heapkit.HeapGraph>()
    expect(heap.summary({ top: 5, sort: 'count' })).type.toBe<Promise<heapkit.HeapSummary>>()
    expect(heap.suspects({ threshold: 0.2 })).type.toBe<Promise<heapkit.HeapSuspects>>()
    expect(heap.retainers).type.toBeCallableWith(5, { paths: 1 })
    expect(heap.retainers).type.toBeCallableWith('Session')
    expect(heap.summary).type.not.toBeCallableWith({ sort: 'name' })
    expect(heapkit.diffSnapshots(['a', 'b'], { top: 1 })).type.toBe<Promise<heapkit.HeapDiff>>()
  })

  test('redacts', async () => {
    expect(heapkit.takeSnapshot).type.toBeCallableWith({ redact: true })
    expect(heapkit.takeSnapshot).type.toBeCallableWith({ redact: { keep: [/x/, 'y'], extra: [] } })
    expect((await heapkit.takeSnapshot()).redacted).type.toBe<heapkit.RedactReport | undefined>()
  })
})

describe('the handler', () => {
  test('is one for node:http and Express', () => {
    const handler = heapkit.createHandler({ token: 'secret', prefix: '/debug' })
    expect(handler).type.toBeCallableWith({} as IncomingMessage, {} as ServerResponse)
    expect(handler).type.toBeCallableWith({} as IncomingMessage, {} as ServerResponse, () => {})
  })

  test('takes what holds for all its snapshots', () => {
    expect(heapkit.createHandler).type.toBeCallableWith({ token: 'secret', timeoutMs: 1000, mode: 'inline', memory: { force: true }, maxCpu: 0.5, redact: { keep: [/x/] } })
    expect(heapkit.createHandler).type.not.toBeCallableWith({ token: 'secret', stableIds: true })
  })
})

describe('errors', () => {
  test('have a code', () => {
    const error = {} as heapkit.HeapkitError
    expect(error.code).type.toBe<HeapkitErrorCode>()
    expect(error).type.toBeAssignableTo<Error>()
  })
})
