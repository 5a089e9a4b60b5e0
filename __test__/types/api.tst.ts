import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import { describe, expect, test } from 'tstyche'
import * as heapkit from '../../index.js'
import type {
  Artifact, ArtifactFile, CaptureSession, CpuArtifact, HeapkitErrorCode, RedactReport, SamplingArtifact, SamplingSession, SignalTrigger, SnapshotArtifact,
  SnapshotStream, StreamArtifact, TimelineArtifact
} from '../../index.js'

describe('captures', () => {
  test('answer artifacts', () => {
    expect(heapkit.takeSnapshot()).type.toBe<Promise<SnapshotArtifact>>()
    expect(heapkit.stopSampling({ compression: 'zstd', level: 3 })).type.toBe<Promise<SamplingArtifact>>()
    expect(heapkit.startSampling().capture()).type.toBe<Promise<SamplingArtifact>>()
    expect(heapkit.startTimeline().stop()).type.toBe<Promise<TimelineArtifact>>()
    expect(heapkit.startCpuProfile().stop()).type.toBe<Promise<CpuArtifact>>()
    expect(heapkit.startSampling({ sampleInterval: 1, stackDepth: 16 })).type.toBe<SamplingSession>()
    expect(heapkit.startTimeline({ trackAllocations: true })).type.toBe<CaptureSession<'heaptimeline'>>()
    expect(heapkit.startCpuProfile()).type.toBe<CaptureSession<'cpuprofile'>>()
    expect(heapkit.createSnapshotStream()).type.toBe<SnapshotStream>()
    expect(heapkit.createSnapshotStream()).type.toBeAssignableTo<Readable>()
    expect(heapkit.listArtifacts()).type.toBe<Promise<ArtifactFile[]>>()
  })

  test('answer what they have, and no more', () => {
    const snapshot = {} as SnapshotArtifact
    expect(snapshot.mode).type.toBe<'fork' | 'inline'>()
    expect(snapshot.heldBackMs).type.toBe<number | undefined>()
    if (snapshot.mode === 'fork') expect(snapshot.heldBackMs).type.toBe<number>()
    for (const read of [{} as SamplingArtifact, {} as TimelineArtifact]) {
      expect(read.mode).type.toBe<'fork' | 'inline'>()
      if (read.mode === 'fork') expect(read.heldBackMs).type.toBe<number>()
    }
    expect<CpuArtifact>().type.not.toHaveProperty('mode')
    expect<TimelineArtifact>().type.toHaveProperty('redacted')
    expect<SamplingArtifact>().type.not.toHaveProperty('redacted')
    expect<CpuArtifact>().type.not.toHaveProperty('heldBackMs')
    const any = {} as Artifact
    expect(any.path).type.toBe<string>()
    if (any.kind === 'snapshot') expect(any).type.toBe<SnapshotArtifact>()
    if (any.format === 'cpuprofile') expect(any).type.toBe<CpuArtifact>()
    expect<StreamArtifact['path']>().type.toBe<null>()
    expect<StreamArtifact['mode']>().type.toBe<'fork' | 'inline'>()
  })

  test('tell diagnostics channels of themselves', () => {
    const [start, end, error] = [{} as heapkit.CaptureStartEvent, {} as heapkit.CaptureEndEvent, {} as heapkit.CaptureErrorEvent]
    expect(start).type.toBeAssignableTo<heapkit.CaptureEvent>()
    expect<heapkit.CaptureStartEvent>().type.not.toHaveProperty('artifact')
    expect(end.artifact).type.toBe<Artifact | StreamArtifact>()
    expect<heapkit.CaptureEndEvent>().type.not.toHaveProperty('error')
    expect(error.error).type.toBe<Error>()
    expect<heapkit.CaptureErrorEvent>().type.not.toHaveProperty('artifact')
  })

  test('take their own format only', () => {
    expect(heapkit.takeSnapshot).type.toBeCallableWith({ format: 'heapsnapshot' as const })
    expect(heapkit.takeSnapshot).type.not.toBeCallableWith({ format: 'cpuprofile' as const })
    expect(heapkit.startSampling().stop).type.not.toBeCallableWith({ format: 'heapsnapshot' as const })
    expect(heapkit.startTimeline().stop).type.not.toBeCallableWith({ format: 'pprof' as const })
  })

  test('of profiles take other formats, too', () => {
    expect(heapkit.startSampling().stop).type.toBeCallableWith({ format: 'pprof' as const })
    expect(heapkit.startSampling().capture).type.toBeCallableWith({ format: 'folded' as const })
    expect(heapkit.startSampling().stop).type.not.toBeCallableWith({ format: 'cpuprofile' as const })
    expect(heapkit.startCpuProfile().stop).type.toBeCallableWith({ format: 'speedscope' as const })
    expect(heapkit.startCpuProfile().stop).type.toBeCallableWith({ format: 'flamegraph' as const, sourceMaps: ['maps'] })
    expect(heapkit.startSampling().capture).type.toBeCallableWith({ format: 'pprof' as const, sourceMaps: true })
    expect(heapkit.startTimeline().stop).type.not.toBeCallableWith({ sourceMaps: true })
    expect(heapkit.takeSnapshot).type.not.toBeCallableWith({ sourceMaps: true })
    expect(heapkit.onSignal).type.toBeCallableWith('SIGUSR2' as const, 'cpu' as const, { format: 'pprof' as const })
    expect(heapkit.configure).type.toBeCallableWith({ format: 'pprof' as const })
    expect(heapkit.configure).type.not.toBeCallableWith({ format: 'heapsnapshot' as const })
    expect<CpuArtifact['format']>().type.toBe<'cpuprofile' | 'pprof' | 'folded' | 'speedscope' | 'flamegraph'>()
  })

  test('are forked where a heap is read', () => {
    const forking: heapkit.ForkingOptions = { mode: 'fork', memory: { reserveBytes: 1 }, maxCpu: 0.5 }
    expect(heapkit.startSampling().stop).type.toBeCallableWith(forking)
    expect(heapkit.startSampling().capture).type.toBeCallableWith(forking)
    expect(heapkit.stopSampling).type.toBeCallableWith(forking)
    expect(heapkit.startTimeline().stop).type.toBeCallableWith({ ...forking, redact: true })
    expect(heapkit.startCpuProfile().stop).type.not.toBeCallableWith({ mode: 'fork' as const })
    expect(heapkit.onSignal).type.toBeCallableWith('SIGUSR2', 'sampling', forking)
    expect(heapkit.onSignal).type.not.toBeCallableWith('SIGUSR2', 'cpu', { mode: 'fork' as const })
  })

  test('refuse what the code refuses', () => {
    expect(heapkit.takeSnapshot).type.not.toBeCallableWith({ compression: 'brotli' })
    expect(heapkit.takeSnapshot).type.not.toBeCallableWith({ mode: 'spoon' })
    expect(heapkit.takeSnapshot).type.toBeCallableWith({ maxCpu: 'auto' as const })
    expect(heapkit.takeSnapshot).type.toBeCallableWith({ maxCpu: 0.25 })
    expect(heapkit.takeSnapshot).type.not.toBeCallableWith({ maxCpu: 'all' })
    expect(heapkit.startSampling).type.not.toBeCallableWith({ sampleInterval: 'x' })
    expect(heapkit.startSampling).type.toBeCallableWith({ allocations: true, maxSamples: 5000 })
    expect(heapkit.startSampling).type.not.toBeCallableWith({ allocations: 1 })
    expect<heapkit.SamplingArtifact['allocations']>().type.toBe<{ rotations: number, pauseMs: number, uncountedMs: number, endedAt?: string } | undefined>()
    expect(heapkit.onSignal).type.toBeCallableWith('SIGUSR2', 'sampling', { allocations: true })
    expect(heapkit.onSignal).type.not.toBeCallableWith('SIGUSR2' as const, 'everything')
    expect(heapkit.onSignal).type.toBeCallableWith('SIGUSR2' as const, 'snapshot' as const, { stableIds: true, onArtifact: () => {} })
    expect(heapkit.onSignal).type.toBeCallableWith('SIGUSR2' as const, 'cpu' as const, { seconds: 10, sampleInterval: 100, threads: true })
    expect(heapkit.onSignal).type.not.toBeCallableWith('SIGUSR2' as const, 'snapshot' as const, { seconds: 10 })
    expect(heapkit.onSignal).type.not.toBeCallableWith('SIGUSR2' as const, 'cpu' as const, { trackAllocations: true })
    expect(heapkit.onSignal).type.not.toBeCallableWith('SIGUSR2' as const, 'timeline' as const, { stackDepth: 1 })
    expect(heapkit.onSignal).type.not.toBeCallableWith('SIGUSR2' as const, 'snapshot' as const, { sampleInterval: 1 })
    expect(heapkit.createSnapshotStream).type.not.toBeCallableWith({ maxFiles: 1 })
    expect(heapkit.createSnapshotStream).type.not.toBeCallableWith({ maxBytes: 1 })
    expect(heapkit.createSnapshotStream).type.not.toBeCallableWith({ maxAgeMs: 1 })
    expect(heapkit.createSnapshotStream).type.not.toBeCallableWith({ file: 'x' })
    expect(heapkit.createSnapshotStream).type.toBeCallableWith({ minFreeBytes: 1 })
  })

  test('can be watched and ended early', () => {
    expect(heapkit.takeSnapshot).type.toBeCallableWith({
      signal: new AbortController().signal,
      timeoutMs: 1000,
      onProgress: ({ phase, rawBytes, cpuShare, heldBackMs }: heapkit.Progress) => { console.log(phase, rawBytes, cpuShare, heldBackMs) }
    })
    expect(heapkit.takeSnapshot).type.toBeCallableWith({ onProgress: async () => {} })
  })

  test('can be disposed of', async () => {
    await using session = heapkit.startSampling()
    expect(session.startedAt).type.toBe<Date>()
    using trigger = heapkit.onSignal('SIGUSR2', 'snapshot', { onArtifact: (artifact) => { expect(artifact).type.toBe<SnapshotArtifact>() } })
    expect(trigger).type.toBe<SignalTrigger<'snapshot'>>()
    expect(trigger).type.toBeAssignableTo<SignalTrigger>()
    heapkit.onSignal('SIGWINCH', 'cpu', { onArtifact: (artifact) => { expect(artifact).type.toBe<CpuArtifact>() } })
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
    const { signal } = new AbortController()
    expect(heap.summary).type.toBeCallableWith({ signal })
    expect(heap.suspects).type.toBeCallableWith({ signal })
    expect(heap.retainers).type.toBeCallableWith('Session', { signal })
    expect(heapkit.openSnapshot).type.toBeCallableWith('x', { memory: { reserveBytes: 0, force: true } })
    expect(heapkit.openSnapshot).type.toBeCallableWith('x', { sourceMaps: 'dist' })
    expect(heapkit.openSnapshot).type.toBeCallableWith('x', { sourceMaps: ['dist', 'maps'] })
    expect(heapkit.diffSnapshots).type.toBeCallableWith(['a', 'b'], { sourceMaps: true })
    expect(heapkit.openSnapshot).type.not.toBeCallableWith('x', { sourceMaps: 1 })
    expect((await heapkit.openSnapshot('x').then((heap) => heap.summary())).file.sourceMaps).type.toBe<heapkit.SourceMapsUsed | undefined>()
    expect(heapkit.diffSnapshots(['a', 'b'], { top: 1 })).type.toBe<Promise<heapkit.HeapDiff>>()
  })

  test('answers a profile to ask', async () => {
    using profile = await heapkit.openProfile('x', { signal: AbortSignal.abort() })
    expect(profile).type.toBe<heapkit.ProfileFile>()
    expect(profile.top({ by: 'package', value: 'cpu', focus: /x/, ignore: 'y', top: 5 })).type.toBe<Promise<heapkit.ProfileTable>>()
    expect(profile.top).type.not.toBeCallableWith({ by: 'line' })
    expect(profile.convert('folded', { value: 'cpu' })).type.toBe<Promise<Buffer>>()
    expect(profile.convert('flamegraph', { base: profile, title: 'Ours' })).type.toBe<Promise<Buffer>>()
    expect(profile.diff(profile, { by: 'package', top: 3 })).type.toBe<Promise<heapkit.ProfileDiff>>()
    expect(profile.convert).type.not.toBeCallableWith('pprof', { base: profile })
    expect(profile.convert).type.not.toBeCallableWith('svg')
  })

  test('redacts', async () => {
    expect(heapkit.takeSnapshot).type.toBeCallableWith({ redact: true })
    expect(heapkit.takeSnapshot).type.toBeCallableWith({ redact: { keep: [/x/, 'y'], extra: [] } })
    expect((await heapkit.takeSnapshot()).redacted).type.toBe<RedactReport | undefined>()
    expect(heapkit.takeSnapshot).type.toBeCallableWith({ redact: 'strict' })
    expect(heapkit.takeSnapshot).type.not.toBeCallableWith({ redact: 'most' })
    expect(heapkit.takeSnapshot).type.not.toBeCallableWith({ redacted: true })
    expect(heapkit.configure).type.toBeCallableWith({ redact: { strict: true, extra: [/x/] } })
    expect(heapkit.onSignal).type.toBeCallableWith('SIGUSR2' as const, 'timeline' as const, { redact: true })
    expect(heapkit.startTimeline().stop).type.toBeCallableWith({ redact: 'strict' })
    expect(heapkit.startCpuProfile().stop).type.not.toBeCallableWith({ redact: true })
    expect(heapkit.redactSnapshot('a', 'b', { strict: true, keep: [/x/], signal: AbortSignal.abort() })).type.toBe<Promise<heapkit.RedactedCopy>>()
    expect((await heapkit.openSnapshot('a')).report({ top: 1 })).type.toBe<Promise<heapkit.HeapReport>>()
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
    expect(heapkit.HeapkitError).type.not.toBeConstructableWith('only heapkit makes them')
    const caught: unknown = error
    if (caught instanceof heapkit.HeapkitError) expect(caught.code).type.toBe<HeapkitErrorCode>()
  })
})
