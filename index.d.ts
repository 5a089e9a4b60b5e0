/// <reference types="node" />

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'

// What has no `export` of its own stays inside.
export {}

// ---------------------------------------------------------------- artifacts

/** What was captured. */
export type CaptureKind = 'snapshot' | 'sampling' | 'timeline' | 'cpu'

/** V8's own file formats, all of them JSON that Chrome DevTools opens; and those that profiles can have instead. */
export type ArtifactFormat = 'heapsnapshot' | 'heapprofile' | 'heaptimeline' | 'cpuprofile' | CaptureFormat

/** The formats of profiles besides V8's own: pprof, folded stacks for flame graph scripts, a file for speedscope, or one HTML page with its flame graph, which loads nothing. */
export type CaptureFormat = 'pprof' | 'folded' | 'speedscope' | 'flamegraph'

/** What can be asked of a capture whose own format is `Format`. */
type FormatsOf<Format extends ArtifactFormat> = Format extends 'heapprofile' | 'cpuprofile' ? Format | CaptureFormat : Format

export type Compression = 'gzip' | 'zstd' | 'none'

/** One complete capture. `kind` tells which of the four it is. */
export type Artifact = SnapshotArtifact | SamplingArtifact | TimelineArtifact | CpuArtifact

/** What all artifacts have. */
interface ArtifactFields {
  /** Absolute path of the file. */
  path: string
  /** Size of the file, in bytes. */
  bytes: number
  /** Size before compression, in bytes. */
  rawBytes: number
  compression: Compression
  /** SHA-256 of the file as it is, in hexadecimal: what `sha256sum` prints. */
  sha256: string
  /** When the capture began, in ISO 8601. */
  startedAt: string
  /** From then until the file was complete, in milliseconds. */
  durationMs: number
  /** How long heapkit kept this thread's JavaScript from running, in milliseconds: measured, not estimated. */
  pauseMs: number
  pid: number
  /** 0 is the main thread. */
  threadId: number
  nodeVersion: string
}

interface SnapshotFields extends ArtifactFields {
  kind: 'snapshot'
  format: 'heapsnapshot'
  /** What was replaced; with `redact` only, whoever asked for it. */
  redacted?: RedactReport
}

/** What was read in a forked child. */
interface Forked {
  mode: 'fork'
  /** How long the child rested, in milliseconds, because it was not to use more processor time (`maxCpu`). */
  heldBackMs: number
}

/** What was read in the thread itself. */
interface Inline {
  mode: 'inline'
  heldBackMs?: undefined
}

/** A snapshot that V8 took in a forked child. */
export interface ForkedSnapshotArtifact extends SnapshotFields, Forked {}

/** A snapshot that V8 took in the thread itself. */
export interface InlineSnapshotArtifact extends SnapshotFields, Inline {}

/** `mode` says where V8 took it. */
export type SnapshotArtifact = ForkedSnapshotArtifact | InlineSnapshotArtifact

interface SamplingFields extends ArtifactFields {
  kind: 'sampling'
  format: 'heapprofile' | CaptureFormat
  /** Of a session with `allocations: true`. */
  allocations?: {
    /** How often V8 has begun anew, because it may have held `maxSamples`. */
    rotations: number
    /** Milliseconds for which that has stopped the thread's JavaScript, in all. */
    pauseMs: number
    /** Milliseconds in which allocations were not counted, because a child failed in the middle of it: 0 unless something went wrong. */
    uncountedMs: number
    /** Until when was counted, where counting had to end before the session did; a process warning (`HEAPKIT_WARN_ALLOCATIONS_ENDED`) has said why. */
    endedAt?: string
  }
  /** What became of {@link SourceMapOptions.sourceMaps}; where maps were wanted. */
  sourceMaps?: SourceMapsUsed
}

/** `mode` says where it was read. */
export type SamplingArtifact = (SamplingFields & Forked) | (SamplingFields & Inline)

interface TimelineFields extends ArtifactFields {
  kind: 'timeline'
  format: 'heaptimeline'
  /** What was replaced; with `redact` only, whoever asked for it. */
  redacted?: RedactReport
}

/** `mode` says where V8 took its snapshot. */
export type TimelineArtifact = (TimelineFields & Forked) | (TimelineFields & Inline)

export interface CpuArtifact extends ArtifactFields {
  kind: 'cpu'
  format: 'cpuprofile' | CaptureFormat
  /** What became of {@link SourceMapOptions.sourceMaps}; where maps were wanted. */
  sourceMaps?: SourceMapsUsed
}

/** The artifact of a capture that can have this format. */
export type ArtifactOf<Format extends ArtifactFormat> = Artifact extends infer One ? One extends { format: infer Formats } ? Format extends Formats ? One : never : never : never

type WithoutFile<File extends ArtifactFields> = Omit<File, 'path'> & { path: null }

/** The artifact of a stream, which has no file: its `path` is null. */
export type StreamArtifact = WithoutFile<ForkedSnapshotArtifact> | WithoutFile<InlineSnapshotArtifact>

/** What a file's name and size tell of an artifact, whoever wrote it. */
export interface ArtifactFile {
  kind: CaptureKind
  format: ArtifactFormat
  /** Absolute path of the file. */
  path: string
  /** Size of the file. */
  bytes: number
  compression: Compression
  /** When it was written, in ISO 8601, to the second. */
  createdAt: string
  pid: number
  threadId: number
}

// ---------------------------------------------------------------- options

/** Limits on a directory, and defaults for what is written to it. */
export interface Defaults {
  /** Where artifacts go; made (mode 0700) if it is missing. Default: `HEAPKIT_DIR`, else Node's `--diagnostic-dir`, else the working directory. */
  dir?: string
  /** Default: `HEAPKIT_COMPRESSION`, else `'gzip'`; of the page of a flame graph (`format: 'flamegraph'`) `'none'`, unless there is a `level`: browsers open it only so. */
  compression?: Compression
  /** gzip 0 to 9, default 4; zstd 1 to 19, default 1. */
  level?: number
  /**
   * At most so many artifacts in the directory: the oldest are removed when a new one is complete. Those that cannot be removed, for this limit or one of the next
   * three, are passed over, and named once in a process warning (`HEAPKIT_WARN_NOT_REMOVED`). Default: `HEAPKIT_MAX_FILES`, else no limit.
   */
  maxFiles?: number
  /** At most so many bytes of artifacts in the directory: the oldest are removed when a new one is complete; one that alone is larger is refused. Default: `HEAPKIT_MAX_BYTES`, else no limit. */
  maxBytes?: number
  /** Artifacts older than this are removed by the next capture. Default: no limit. */
  maxAgeMs?: number
  /** The volume keeps at least so many bytes free, or the capture is refused. Default: `HEAPKIT_MIN_FREE_BYTES`, else 64 MiB. */
  minFreeBytes?: number
}

/** Where a capture goes. */
export interface OutputOptions<Format extends ArtifactFormat = ArtifactFormat> extends Defaults {
  /**
   * Exact path instead of `dir` and a generated name. Never overwrites. Quotas on heapkit's own names do not apply to it. Without `compression` the name says how it
   * is packed: `a.heapsnapshot.gz`, `a.heapsnapshot.zst`, `a.heapsnapshot` not at all; defaults do not count then.
   * A name that ends as V8's own files of another kind of capture do (a CPU profile called `a.heapprofile`) is refused.
   */
  file?: string
  /**
   * What the file holds. Profiles can have another format than V8's own: it is made on the capture's own thread, of at most 256 MiB of V8's text, and if there is memory
   * for it (`HEAPKIT_ERR_INVALID_PROFILE`, `HEAPKIT_ERR_MEMORY`; what was collected is kept for another `stop()`). Default: of a `file` what its name says (`a.pb.gz`, `a.folded`,
   * `a.speedscope.json`, `a.html`), else that of `configure()`, else `HEAPKIT_FORMAT`, as far as the capture can have it; else V8's own.
   */
  format?: FormatsOf<Format>
}

/** Of profiles in other formats than V8's own. */
export interface SourceMapOptions {
  /**
   * Files, lines and names are those of the sources, by the maps that {@link ReadingOptions.sourceMaps} of {@link openProfile} would find: `true` for those beside the scripts, or folders. They are
   * read on the capture's own thread, at most 1 GiB of them. Whatever is wrong with a map, or with its volume (which may take 30 s for a file), leaves names and places as they were:
   * `artifact.sourceMaps` says what became of it. V8's own format is of the scripts as they run; with it this is refused, and what `configure()` and the environment say does not count.
   * Default: that of `configure()`, else `HEAPKIT_SOURCE_MAPS`, else false.
   */
  sourceMaps?: boolean | string | string[]
}

/** How to watch a capture and how to end it early. */
export interface ControlOptions {
  /**
   * Aborting rejects with `HEAPKIT_ERR_ABORTED` (its reason as `cause`) and leaves no file. V8 cannot be interrupted in the middle of what it does in this thread
   * (`mode: 'inline'`): then it rejects as soon as V8 is through.
   */
  signal?: AbortSignal
  /**
   * Rejects with `HEAPKIT_ERR_TIMEOUT` and leaves no file, at most a quarter of a second late: where the volume does not answer, what the capture has there goes
   * when the volume is back. By a clock of heapkit's own, whatever was done to the process's timers. V8 is no more interruptible than by `signal`. Default: no limit.
   */
  timeoutMs?: number
  /** Called about every 4 MiB while V8 serializes and every 100 ms while the rest is written. Throwing, or rejecting, ends the capture. */
  onProgress?: (progress: Progress) => void | Promise<void>
}

export interface Progress {
  /** `serializing`: V8 puts out the snapshot. `writing`: the rest is compressed and written. `done`: complete. */
  phase: 'serializing' | 'writing' | 'done'
  /** Bytes that V8 has put out. */
  rawBytes: number
  /** Snapshots only: about how many it will have been, 1.8 times the used heap; never less than `rawBytes`, and the same once V8 is through. */
  estimatedRawBytes?: number
  /** Bytes that were written, after compression. */
  bytes: number
  elapsedMs: number
  /** While a forked child is held back (`maxCpu`): the share of one processor that it may have now, and how long it has rested for that. */
  cpuShare?: number
  heldBackMs?: number
}

export interface MemoryOptions {
  /**
   * Bytes that stay available to the service: a snapshot whose estimate (by the number of objects, or by what the last one took), a sampling profile whose estimate
   * (by the size of the heap), or a reading whose estimate (by the nodes and edges of the file) does not leave them is refused, and a child that gets there is killed, a reading given up, all
   * with `HEAPKIT_ERR_MEMORY`. Default: 64 MiB.
   */
  reserveBytes?: number
  /** Begin although the estimate says that there is not enough; it still ends before the reserve is touched. Default: false. */
  force?: boolean
}

/** Where a heap is read: for a snapshot, a sampling profile or a timeline. */
export interface ForkingOptions {
  /**
   * `fork` (Node.js on Linux on x64 and arm64; elsewhere it rejects with `HEAPKIT_ERR_UNSUPPORTED`): V8 reads the heap in a copy-on-write
   * twin of the process; this thread stops for the `fork(2)` alone. Object ids of two such snapshots correspond with `stableIds` only. `inline`: V8
   * reads it in this thread, whose event loop stops meanwhile. `auto` (default): `fork` where that was tested, which is Linux on x64, and `inline`
   * elsewhere. A mode that fails never falls back to another. Without V8 (in Bun) every mode rejects with `HEAPKIT_ERR_UNSUPPORTED`.
   */
  mode?: 'auto' | 'fork' | 'inline'
  /** How a forked child treats the memory that the control groups and the machine allow. */
  memory?: MemoryOptions
  /**
   * How much processor time a forked child may take. `auto` (default): what the CPU quotas of the control groups leave, less a reserve, for the
   * child and the compressor together, measured anew all the time; without a quota all that is idle. A number from 0.01 to 1: this share of one processor for the
   * child.
   */
  maxCpu?: 'auto' | number
}

export interface SnapshotOptions extends OutputOptions<'heapsnapshot'>, ControlOptions, ForkingOptions {
  /**
   * Make the object ids of forked snapshots comparable with those of every later snapshot of this thread that is inline or has `stableIds`, too. V8 collects
   * garbage and numbers all objects before the fork, in this thread; from then on it keeps a table of them (docs/fork.md has the costs). Inline
   * snapshots have such ids anyway. Default: false.
   */
  stableIds?: boolean
  /**
   * Replace the contents of strings before a byte reaches the disk (docs/leaks.md says what stays). `'strict'` also replaces the names that no source
   * of the program has. The strictest counts of this, `configure()`, `HEAPKIT_REDACT` and a handler's option: less than another wants cannot be had, and is no
   * error. `artifact.redacted` says what was done. Default: false.
   */
  redact?: boolean | 'strict' | RedactOptions
  /** Show V8's internals in the snapshot. Default: false. */
  exposeInternals?: boolean
  /** Keep the values of numbers in the snapshot. Default: false. */
  exposeNumericValues?: boolean
}

/**
 * The patterns are regular expressions without look-around and back-references; of a `RegExp` the source and the flag `i` count.
 */
export interface RedactOptions {
  /** Also replace the names that no source of the program has, as `'strict'` does. Default: false. */
  strict?: boolean
  /** Texts that stay, whatever they are. Where several ask for redaction, only the patterns that all of them have count. */
  keep?: Array<RegExp | string>
  /** Names that are replaced, besides those that look like data; comes before `keep`. Those of all who ask count. */
  extra?: Array<RegExp | string>
}

/** What a redaction did. All numbers count entries of the snapshot's table of strings, in which every text is once. */
export interface RedactReport {
  /** Whether only names stayed that a source has, or V8 itself. */
  strict: boolean
  strings: number
  /** Contents of strings and regular expressions, and what nothing is known to use. */
  replacedContents: number
  /** Names that were replaced all the same, by the reason. */
  replacedKeys: {
    email: number
    uuid: number
    /** Six or more digits in a row, nine with the usual separators, or seven after a `+`. */
    digits: number
    /** Of the internet protocol (4 and 6) or of hardware. */
    address: number
    token: number
    /** URLs and absolute paths; of names of scripts only the directories above package or file, and queries. */
    located: number
    /** Names of properties, symbols and classes that are no identifiers. */
    noIdentifier: number
    /** Names that no source has; with `strict` only. */
    notInSource: number
    /** Keys of objects with more than 256 properties. */
    dictionary: number
    weakMap: number
    /** Longer than 64 KiB. */
    long: number
    extra: number
  }
  /** Bytes of text that were replaced. */
  replacedBytes: number
  keptByPattern: number
  /** Names that were left, by what they name. */
  keptNames: {
    constructors: number
    functions: number
    properties: number
    variables: number
    /** Of what V8 made of sources: information about functions, scripts. */
    code: number
    internals: number
  }
}

export interface SamplingOptions {
  /** Average number of allocated bytes between two samples. Default: 524288 (512 KiB). */
  sampleInterval?: number
  /** Innermost frames kept of each stack, 1 to 128. Default: 64. */
  stackDepth?: number
  /**
   * Count all that is allocated (`alloc_space`), instead of what is alive of it (`inuse_space`): who makes the garbage. V8 keeps the samples of what has died,
   * about 100 bytes each, and cannot say of one whether it has. Before it may hold `maxSamples` it begins anew, and heapkit adds up. Default: false.
   */
  allocations?: boolean
  /**
   * With `allocations`: how many samples V8 may hold, 1000 to 1000000, before it begins anew. From Node 26 on V8 says how much it has allocated; before, the number is
   * estimated from the time for which the thread has worked, and may be exceeded: by a thread that allocates much more than it did before, and by one that
   * does not return to its event loop. Default: 20000, which are about 2 MB, and 10 GB of allocations.
   */
  maxSamples?: number
  /** Also count objects that a major garbage collection has freed. V8 keeps their samples as long as the session runs. Default: false, which shows what is alive. */
  includeObjectsCollectedByMajorGC?: boolean
  /** Also count objects that a minor garbage collection has freed, likewise. Default: false. */
  includeObjectsCollectedByMinorGC?: boolean
  /** As of {@link CpuProfileOptions}. A reading begins with a full garbage collection in each thread. Not together with `allocations`. */
  threads?: boolean
}

export interface TimelineOptions {
  /** Also note the stack of every allocation. Costly: every allocation of the program is recorded. Default: false. */
  trackAllocations?: boolean
  /**
   * Milliseconds between two samples, 50 to 3600000: how exactly objects know when they were allocated. For each sample V8 collects all garbage and walks
   * the heap, which stops the event loop: about 20 ms for every 100,000 objects (measured by `npm run bench:timeline`). Default: 1000, but at least nine times
   * as long as the last sample took, so that samples take a tenth of the event loop's time at most.
   */
  resolutionMs?: number
}

export interface CpuProfileOptions {
  /** Microseconds between two samples, 50 to 10000000. Default: 1000. */
  sampleInterval?: number
  /**
   * Also the worker threads, those that begin later included, for the main thread only. They take part if they have loaded heapkit, or `heapkit/register`, which `node --require` does in all of them.
   * V8's own format has room for one thread, so the default `format` is `pprof` then, where each sample has the label `thread`. A worker that ends meanwhile is left out; so is one that samples itself,
   * or that does not come to its event loop for 10 s, and a comment of the profile says so. Default: false.
   */
  threads?: boolean
}

// ---------------------------------------------------------------- captures

/**
 * Takes a heap snapshot. One snapshot or timeline at a time in a process, worker threads included, and on Linux all copies of heapkit (elsewhere those
 * in one thread): a second one rejects with `HEAPKIT_ERR_BUSY`. The output is opened first, so that nothing is paused for a capture that cannot be kept. While the promise is
 * pending, the process does not exit by itself.
 *
 * A volume that takes nothing for 30 s ends the capture with `HEAPKIT_ERR_STALLED`, and no other is begun in that directory before it
 * answers; captures to other volumes go on. With `mode: 'inline'` the event loop waits while 32 MiB are ahead of the disk: in sum no longer
 * than 30 s, or than V8's own work has taken, then the capture is given up with the same code.
 *
 * Rejects with a {@link HeapkitError}, also for invalid options.
 */
export function takeSnapshot (options?: SnapshotOptions): Promise<SnapshotArtifact>

/**
 * Takes a heap snapshot as a stream of compressed bytes. What is not read at once is held in 4 MiB of memory. Beyond that a forked child
 * waits for the reader, as long as it takes something now and then (after 30 s without, `HEAPKIT_ERR_STALLED`); inline, the rest goes to a
 * temporary file in `dir` (default: the system's directory for temporary files), which is gone when the stream is. There is no `file`, and no quota.
 *
 * Throws for invalid options and where `takeSnapshot` would reject at once; fails otherwise by the stream's `error` event.
 * Destroying the stream gives the capture up. A stream that nobody reads does not keep the process alive.
 */
export function createSnapshotStream (options?: SnapshotStreamOptions): SnapshotStream

export type SnapshotStreamOptions = Omit<SnapshotOptions, 'file' | 'maxFiles' | 'maxBytes' | 'maxAgeMs'>

export interface SnapshotStream extends Readable {
  /** How the bytes would be called as a file, such as `Heap.20261120.213000.4242.0.001.heapsnapshot.gz`. */
  readonly fileName: string
  /** There when the stream has ended. */
  readonly artifact: StreamArtifact | undefined
}

/** Timelines have the contents of strings as snapshots have them. Profiles have none: nothing is replaced in their names and URLs of scripts. */
type RedactOf<Format extends ArtifactFormat> = Format extends 'heaptimeline' ? Pick<SnapshotOptions, 'redact'> : unknown

/** Snapshots are read with source maps later. */
type SourceMapsOf<Format extends ArtifactFormat> = Format extends 'heapprofile' | 'cpuprofile' ? SourceMapOptions : unknown

/** CPU profiles are read in the thread itself: V8 need not look at the heap for them. */
type ForkingOf<Format extends ArtifactFormat> = Format extends 'heapprofile' | 'heaptimeline' ? ForkingOptions : unknown

/** A capture that is started and stopped. It does not keep the process alive. */
export interface CaptureSession<Format extends ArtifactFormat = ArtifactFormat> extends AsyncDisposable {
  readonly startedAt: Date
  /**
   * Stops and writes the artifact. When the options are invalid or the output cannot be opened it rejects and the session goes
   * on. Where a forked child reads (`mode`) it also goes on when anything else fails, or the capture is given up: this thread stops V8 when all is written. In this
   * thread V8 has stopped by then; sampling and CPU sessions keep what they collected, and `stop()` may be called again.
   */
  stop (output?: OutputOptions<Format> & ControlOptions & ForkingOf<Format> & RedactOf<Format> & SourceMapsOf<Format>): Promise<ArtifactOf<Format>>
  /**
   * Stops without an artifact. Does nothing after `stop()`. A timeline's makes V8 forget the ids of objects, unless heapkit has taken an inline snapshot, one with
   * `stableIds` or a timeline in this thread: then V8 takes a snapshot once more, which is dropped. The first versions of Node 20 have no such symbol.
   */
  [Symbol.asyncDispose] (): Promise<void>
}

export interface SamplingSession extends CaptureSession<'heapprofile'> {
  /** Writes what was sampled since the start, and goes on sampling. Captures of a session that children read come one after another. */
  capture (output?: OutputOptions<'heapprofile'> & ControlOptions & ForkingOptions & SourceMapOptions): Promise<SamplingArtifact>
}

/**
 * Starts a sampling heap profile in this thread. One at a time in a thread.
 *
 * Throws a {@link HeapkitError}: `HEAPKIT_ERR_BUSY`, `HEAPKIT_ERR_INVALID_OPTION`, `HEAPKIT_ERR_UNSUPPORTED` (no inspector, or none that answers at once, as in Bun and Deno;
 * `threads` in a worker thread). In a worker `HEAPKIT_ERR_BUSY` also while the main thread samples all threads.
 */
export function startSampling (options?: SamplingOptions): SamplingSession

/** Stops the sampling session of this thread, wherever it was started. Rejects with `HEAPKIT_ERR_NOT_ACTIVE` without one. */
export function stopSampling (output?: OutputOptions<'heapprofile'> & ControlOptions & ForkingOptions & SourceMapOptions): Promise<SamplingArtifact>

/**
 * Starts an allocation timeline: `stop()` takes a heap snapshot whose objects know when they were allocated. It holds the
 * process's one place for a snapshot until it is stopped. `stop()` stops the event loop as a snapshot of the same `mode` does; where ids of objects count in
 * this thread, because heapkit has taken an inline snapshot or timeline in it, or one with `stableIds`, only V8's own snapshot ends a timeline without
 * forgetting them: there `auto` is `inline`, and `fork` has that pause all the same.
 *
 * Throws as {@link startSampling}, and `HEAPKIT_ERR_DISABLED`.
 */
export function startTimeline (options?: TimelineOptions): CaptureSession<'heaptimeline'>

/** Starts a CPU profile of this thread. One at a time in a thread. Throws as {@link startSampling}. */
export function startCpuProfile (options?: CpuProfileOptions): CaptureSession<'cpuprofile'>

// ---------------------------------------------------------------- HTTP

/** Besides limits and defaults of what it writes: how it reads heaps, for snapshots, sampling profiles and timelines, whatever its clients ask. */
export interface HandlerOptions extends Defaults, ForkingOptions {
  /**
   * What clients send as `Authorization: Bearer TOKEN`, or as the password of `Basic`; compared in constant time. This or `authorize` is mandatory. ASCII without spaces; those around
   * it, such as the newline at the end of a file, do not count.
   */
  token?: string
  /** Answers `true` for those who may. Everything else is 401, throwing is 500. */
  authorize?: (req: IncomingMessage) => boolean | Promise<boolean>
  /**
   * With `authorize`: pages of these origins may make requests that change something, `'https://ops.example.com'`. Those of any other origin than the
   * handler's own are 403, whatever `authorize` would say: browsers send cookies along. Default: none.
   */
  trustedOrigins?: string[]
  /** Where the handler is mounted, if the server does not strip that from `req.url`: `'/debug/heapkit'`. */
  prefix?: string
  /** Upper bound of `?seconds=`, in seconds. Default: 300. */
  maxSeconds?: number
  /**
   * How long a capture may be under way, a download with all that its client takes of it included; of timed ones, beyond their seconds. Then it is
   * given up (504). Clients may ask for less with `?timeoutMs=`. Default: 900000 (15 minutes).
   */
  timeoutMs?: number
  /**
   * All snapshots and timelines are redacted at least so. Who asks for less (`?redact=0`) gets this, and is told: `redacted` of the artifact, `Heapkit-Redacted` of
   * a download. What is in the directory already is served as it is. Default: false, which leaves it to `?redact=1` and `?redact=strict`.
   */
  redact?: boolean | 'strict' | RedactOptions
  /**
   * Where source maps are for profiles in other formats than V8's own, those of `/pprof/` among them: `true` for beside the scripts, or folders. Clients can do without (`?sourceMaps=0`), or ask for it
   * where nobody else has (`?sourceMaps=1`: beside the scripts); they never name a folder. Default: that of the process.
   */
  sourceMaps?: SourceMapOptions['sourceMaps']
}

/**
 * Makes a handler for `node:http`, Express, Connect, and the raw objects of Fastify, Koa and Hono (docs/http.md). It listens to nothing by itself.
 * Requests outside of `prefix` go to `next()` if there is one, before the handler returns. Throws for invalid options.
 */
export function createHandler (options: HandlerOptions): (req: IncomingMessage, res: ServerResponse, next?: (error?: unknown) => void) => void

// ---------------------------------------------------------------- signals

/** What comes of the captures, typed by their kind. */
export interface SignalCallbacks<Format extends ArtifactFormat = ArtifactFormat> {
  onArtifact?: (artifact: ArtifactOf<Format>) => void
  /** Without it a failure is a process warning. */
  onError?: (error: HeapkitError) => void
}

interface TimedSignalOptions<Format extends ArtifactFormat> extends OutputOptions<Format>, ControlOptions, SignalCallbacks<Format> {
  /** Length of the capture, in seconds, 1 to 86400. Default: 30, of a timeline 10. */
  seconds?: number
}

/** What {@link onSignal} takes, by kind of capture. */
export interface SignalOptions {
  snapshot: SnapshotOptions & SignalCallbacks<'heapsnapshot'>
  sampling: SamplingOptions & TimedSignalOptions<'heapprofile'> & ForkingOptions & SourceMapOptions
  timeline: TimelineOptions & TimedSignalOptions<'heaptimeline'> & ForkingOptions & RedactOf<'heaptimeline'>
  cpu: CpuProfileOptions & TimedSignalOptions<'cpuprofile'> & SourceMapOptions
}

export interface SignalTrigger<Kind extends CaptureKind = CaptureKind> extends Disposable {
  readonly signal: NodeJS.Signals
  readonly capture: Kind
  /** Signals that came. */
  readonly received: number
  /** Those of them that came during the capture of an earlier one: ignored, not queued. */
  readonly ignored: number
  dispose (): void
}

/**
 * Captures whenever the process gets `signal`. Refuses SIGUSR1 (Node's inspector), SIGPROF (V8's profiler), signals that cannot
 * be caught, that end the process, or that mean a crash. Emits a process warning when the signal has another listener.
 * Throws for invalid options, and in worker threads, which signals do not reach.
 */
export function onSignal<Kind extends CaptureKind> (signal: NodeJS.Signals, capture: Kind, options?: SignalOptions[Kind]): SignalTrigger<Kind>

// ---------------------------------------------------------------- the rest

/** What {@link configure} takes. */
export interface ProcessDefaults extends Defaults {
  /** The format of all sampling and CPU captures that can have it. Default: `HEAPKIT_FORMAT`, else V8's own. */
  format?: 'heapprofile' | 'cpuprofile' | CaptureFormat
  /** Source maps of all sampling and CPU captures in other formats than V8's own. Default: `HEAPKIT_SOURCE_MAPS` (`1`, or folders as `PATH` has them), else false. */
  sourceMaps?: SourceMapOptions['sourceMaps']
  /**
   * All snapshots and timelines of the process are redacted at least so, whoever asks for them and however. It holds until the process ends: a later call can
   * only make it stricter.
   */
  redact?: boolean | 'strict' | RedactOptions
}

/**
 * Sets defaults for the whole process, all its threads included; replaces what was set before, but `redact`. They come before `HEAPKIT_*`. Throws for invalid
 * options.
 */
export function configure (defaults: ProcessDefaults): void

/** heapkit's artifacts in `dir` (default: where captures go), oldest first; empty where there is no such directory. */
export function listArtifacts (dir?: string): Promise<ArtifactFile[]>

// ---------------------------------------------------------------- reading snapshots

export interface ReadingOptions {
  /** Read what there is of a file that breaks off; `summary().file.incomplete` says why. Default: false, which rejects. */
  partial?: boolean
  /**
   * Names sources instead of scripts in all answers, and functions and classes as they are called there, by source maps: `true` for those beside the scripts, where they lie
   * on this machine (as their last comment says, inline, or `FILE.map`); or a folder, or several, where they are looked for instead, by the ends of scripts' paths:
   * `/srv/shop/dist/main.js` has its map in `DIR/main.js.map` or `DIR/dist/main.js.map`, or a copy of it in `DIR` leads there. Maps that are missing, broken, larger than 128 MiB or
   * another script's leave places as they are: {@link SourceMapsUsed}. Nothing is read from a network. Rejects with `HEAPKIT_ERR_INVALID_OPTION` for a folder that is not there.
   * Default: false.
   */
  sourceMaps?: boolean | string | string[]
  /** How the reading, and later the questions, treat the memory that the control groups and the machine allow. */
  memory?: MemoryOptions
  /** Gives the reading up, at any moment: it rejects at once, with `HEAPKIT_ERR_ABORTED`. */
  signal?: AbortSignal
  /** Called some 20 times a second. */
  onProgress?: (progress: ReadingProgress) => void | Promise<void>
}

export interface ReadingProgress {
  phase: 'reading' | 'analysing' | 'done'
  /** Bytes of the file, as it is on disk. */
  readBytes: number
  /** Bytes that it has; `null` where that is not known. */
  totalBytes: number | null
}

/** One object of a path, and the reference that leads to it: `.sessions`, `[3]`, `→variable`, `{internal}`; empty for the first. */
export interface PathStep {
  id: number
  name: string
  /** `property`, `element`, `context`, `internal`, `hidden`, `shortcut`; empty for the first. */
  edge: string
  by: string
  /**
   * This stands for so many objects between the steps before and after it. They repeat the steps before it: `by` and `name` say how each is reached (`.next Node`; of
   * several steps that repeat together, all of them: `.entry Entry .next` and `Node`). Or, if both are empty, they are of any kind: long paths are shown without their
   * middle. `id` is that of the first of them.
   */
  count?: number
}

export interface QuestionOptions {
  /** Gives the question up: it rejects at once, with `HEAPKIT_ERR_ABORTED`. The snapshot can still be asked others. */
  signal?: AbortSignal
}

export interface SummaryOptions extends QuestionOptions {
  /** How many classes, objects and strings, 1 to 10000. Default: 20. */
  top?: number
  /** What classes are sorted by. Default: `retained`. */
  sort?: 'retained' | 'shallow' | 'count'
}

/** What became of `sourceMaps`. */
export interface SourceMapsUsed {
  /** How many scripts have a map that was used. */
  scripts: number
  /** Files that were not, and why: the end of a sentence that begins with the path. At most 100. */
  passedOver: Array<{ path: string, reason: string }>
}

/** Sizes are bytes. Numbers are those of Chrome DevTools on the same file. */
export interface HeapSummary {
  file: { nodes: number, edges: number, strings: number, incomplete?: string, sourceMaps?: SourceMapsUsed }
  totals: { total: number, native: number, typedArrays: number, code: number, strings: number, arrays: number, system: number, other: number }
  types: Array<{ type: string, count: number, shallow: number }>
  classCount: number
  classes: HeapClass[]
  largest: HeapObject[]
  strings: { wasted: number, duplicated: number, top: Array<{ text: string, count: number, wasted: number }> }
  /** DOM nodes out of their document; in snapshots of browsers. */
  detached?: { count: number, shallow: number, retained: number }
}

export interface HeapClass {
  name: string
  /** `script:line:column` of the constructor, as far as V8 says; the script is V8's number of it, or a source ({@link ReadingOptions.sourceMaps}). */
  location?: string
  count: number
  /** Bytes of the objects themselves. */
  shallow: number
  /** Bytes that would be free without them. */
  retained: number
  /** References from a root to the nearest; `null` if only V8 itself holds them. */
  distance: number | null
}

export interface HeapObject {
  id: number
  name: string
  shallow: number
  retained: number
  distance: number | null
  path: PathStep[]
}

export interface RetainersOptions extends QuestionOptions {
  /** How many paths, 1 to 10000. Default: 10. */
  paths?: number
}

export interface SuspectsOptions extends QuestionOptions {
  /** The share of the heap that a suspect retains at least, 0.01 to 1. Default: 0.1. */
  threshold?: number
}

export interface HeapSuspects {
  total: number
  threshold: number
  suspects: HeapSuspect[]
}

/** One object that holds many things (a collection, or what holds the first of a list or tree), or several of a class that do; or one that is large by itself. */
export interface HeapSuspect {
  kind: 'object' | 'class'
  /** Of the object or class that holds. */
  name: string
  id: number | null
  count: number
  /** Bytes of what is held, with everything below it. */
  retained: number
  share: number
  /**
   * The object, or of several that which retains most. `heldBy` says who holds what there is much of, in the words of a diff (`MemoryStore.sessions`, `cart.js: carts`); `holds`, first what there is
   * much of, then other classes of what the object dominates.
   */
  accumulation: { id: number, name: string, retained: number, heldBy: string, holds: Array<{ name: string, count: number, retained: number }> }
  /** From a root to that object. */
  path: PathStep[]
  /** `42,000 Cart held by cart.js: carts (Array @123) retain 57.2 % of the heap` */
  text: string
}

export interface HeapRetainers {
  name: string
  id: number | null
  count: number
  shallow: number
  retained: number
  distance: number | null
  pathCount: number
  /**
   * Shortest first (of a class: those that retain most); `steps` is the shortest of `count` that are alike: indices, keys, and how often a step repeats differ. Those to an object do not
   * lead through the object itself.
   */
  paths: Array<{ count: number, retained: number, steps: PathStep[] }>
}

/**
 * A snapshot in memory, outside of V8's heap; V8 is told how large it is. All questions are answered on threads of heapkit's own, of a low priority, for which
 * neither `process.exit()` nor `worker.terminate()` waits.
 */
export interface HeapGraph extends Disposable {
  summary (options?: SummaryOptions): Promise<HeapSummary>
  /** What retains a good part of the heap, and who holds it. What Node.js has in every process is no suspect. */
  suspects (options?: SuspectsOptions): Promise<HeapSuspects>
  /** Who holds an object (its id, `123` or `'@123'`) or the objects of a class. Rejects with `HEAPKIT_ERR_INVALID_OPTION` if there is none, and names a class that may have been meant. */
  retainers (target: number | string, options?: RetainersOptions): Promise<HeapRetainers>
  /** What a page about the heap shows. */
  report (options?: ReportOptions): Promise<HeapReport>
  /** Gives the memory back, on another thread. Afterwards questions reject with `HEAPKIT_ERR_NOT_ACTIVE`. */
  close (): void
}

/**
 * Reads a `.heapsnapshot` or `.heaptimeline`, plain, gzip or zstd. Rejects with `HEAPKIT_ERR_INVALID_SNAPSHOT`, with the byte at which it
 * is wrong, with `HEAPKIT_ERR_IO`, and with `HEAPKIT_ERR_MEMORY`, where a control group or the machine has not enough. Takes about as much memory as the plain file is large
 * until `close()`, and a tenth more while it reads. Four files are read at a time, more wait in turn.
 */
export function openSnapshot (path: string, options?: ReadingOptions): Promise<HeapGraph>

/** What a value of each sample of a profile is, and the sum over all samples: `cpu` in `nanoseconds`, `inuse_space` in `bytes`. */
export interface ProfileValueType {
  name: string
  unit: string
  total: number
}

/** What {@link openProfile} takes. */
export interface ProfileOptions {
  /**
   * As of {@link openSnapshot}: files, lines and names are those of the sources. It takes the columns of functions, which V8's own formats have and most pprof files have not.
   */
  sourceMaps?: ReadingOptions['sourceMaps']
  /** As of {@link openSnapshot}. */
  memory?: ReadingOptions['memory']
  signal?: AbortSignal
  /** Called some 20 times a second. */
  onProgress?: (progress: ReadingProgress) => void | Promise<void>
}

export interface ProfileTopOptions extends QuestionOptions {
  /** What a row is; a package is one of `node_modules`, all of Node.js, or all of the application's own code; threads are told apart where samples name theirs (`threads: true`). Default: `'function'`. */
  by?: 'function' | 'file' | 'package' | 'thread'
  /** The name of one of {@link ProfileFile.types}. Default: {@link ProfileFile.defaultType}. */
  value?: string
  /** Only samples with a function whose name or file has this, or of a thread whose name has it, in the syntax of Rust's regex-lite. */
  focus?: RegExp | string
  /** Without the samples that have such a function, or are of such a thread. */
  ignore?: RegExp | string
  /** How many rows, 1 to 10000. Default: 20. */
  top?: number
}

/** Who has how much, in `unit`; most of its own first. */
export interface ProfileTable {
  name: string
  unit: string
  /** The sum of all samples, and of those that were looked at. */
  total: number
  shown: number
  rows: Array<{
    name: string
    /** Where a function begins: `file:line`. */
    place?: string
    /** Its own. */
    flat: number
    /** With what it called. */
    cumulative: number
    /** How many things its own bytes are, where the profile counts them. */
    objects?: number
  }>
  /** How many there would be. */
  rowCount: number
}

export interface ProfileDiffOptions extends QuestionOptions {
  /** As of {@link ProfileTopOptions}; a function that only moved in its file is the same. Default: `'function'`. */
  by?: 'function' | 'file' | 'package'
  /** The name of one of {@link ProfileFile.types} that both profiles have. Default: {@link ProfileFile.defaultType}. */
  value?: string
  /** How many rows, 1 to 10000. Default: 20. */
  top?: number
}

/** What grew, in `unit`: what grew most of its own first. Of two numbers the first is the earlier profile's. */
export interface ProfileDiff {
  name: string
  unit: string
  /** The sums of all samples. */
  totals: [before: number, after: number]
  /** What is the same in both is left out. */
  rows: Array<{
    name: string
    /** Where a function begins: `file:line`. */
    place?: string
    flat: [before: number, after: number]
    cumulative: [before: number, after: number]
    flatDelta: number
    cumulativeDelta: number
  }>
  /** How many there would be. */
  rowCount: number
  /** The greatest `flatDelta` of all rows, shown or not; 0 if nothing grew. */
  maxFlatDelta: number
}

/** What a profile can be converted to; pprof has gzip inside. */
export type ProfileFormat = CaptureFormat

export interface ProfileConvertOptions extends QuestionOptions {
  /** The name of one of {@link ProfileFile.types}: for `folded`, which has room for one, and what a flame graph shows first. Default: {@link ProfileFile.defaultType}. */
  value?: string
}

/** The page of a flame graph. */
export interface FlamegraphOptions extends ProfileConvertOptions {
  /** An earlier profile, with the same `value`: what grew since then is red, what shrank blue. */
  base?: ProfileFile
  /** Of the page. Default: the name of the file. */
  title?: string
}

/** A sampled profile in memory. */
export interface ProfileFile extends Disposable {
  readonly types: ProfileValueType[]
  /** What people want to see first. */
  readonly defaultType: string
  readonly samples: number
  /** When it began, where the file says so: an ISO date. */
  readonly startedAt: string | null
  readonly durationMs: number | null
  readonly comments: string[]
  /** Where {@link ProfileOptions.sourceMaps} were wanted. */
  readonly sourceMaps?: SourceMapsUsed
  top (options?: ProfileTopOptions): Promise<ProfileTable>
  /** What grew since an earlier profile. */
  diff (base: ProfileFile, options?: ProfileDiffOptions): Promise<ProfileDiff>
  /** The page of its flame graph. Of more than 400,000 ways of calls the smallest are taken together. */
  convert (format: 'flamegraph', options?: FlamegraphOptions): Promise<Buffer>
  /** The bytes of a file, 256 MiB at most (else `HEAPKIT_ERR_MEMORY`). */
  convert (format: ProfileFormat, options?: ProfileConvertOptions): Promise<Buffer>
  /** Gives the memory back. Afterwards questions reject with `HEAPKIT_ERR_NOT_ACTIVE`. */
  close (): void
}

/**
 * Reads a sampled profile of at most 256 MiB of text, whoever made it: V8's `.cpuprofile` and `.heapprofile`, or pprof; plain, gzip or zstd. Of a CPU profile
 * `cpu` leaves out what was idle, and `wall` does not. Rejects with `HEAPKIT_ERR_INVALID_PROFILE`, `HEAPKIT_ERR_IO`, and with `HEAPKIT_ERR_MEMORY`, where a control
 * group or the machine has not enough for it.
 */
export function openProfile (path: string, options?: ProfileOptions): Promise<ProfileFile>

/** What `heapkit report` shows. */
export interface HeapReport {
  summary: HeapSummary
  suspects: HeapSuspects
  /** The dominator tree, as far as it can be drawn: its largest parts. */
  tree: HeapBranch
}

/** A node of the dominator tree, or the small children of one together: these have no id. */
export interface HeapBranch {
  name: string
  id: number | null
  count: number
  shallow: number
  retained: number
  children?: HeapBranch[]
}

export interface ReportOptions {
  /** How many classes, objects and strings, 1 to 10000. Default: 1000. */
  top?: number
}

/** What {@link redactSnapshot} takes. */
export interface RedactSnapshotOptions extends RedactOptions {
  signal?: AbortSignal
  /** Called some 20 times a second. */
  onProgress?: (progress: ReadingProgress) => void | Promise<void>
}

/** A redacted copy. */
export interface RedactedCopy {
  /** Absolute path of the copy. */
  path: string
  bytes: number
  /** Size before compression. */
  rawBytes: number
  compression: Compression
  sha256: string
  redacted: RedactReport
}

/**
 * Copies a snapshot or timeline (plain, gzip, zstd) without the contents of strings. The copy is packed as its name says, whole or not there, and never over another
 * file. The copies of one thread have the same replacement for the same text, so that they can be compared; those of others do not. What the process wants
 * (`configure({ redact })`) counts here, too. Rejects as {@link openSnapshot} does, and with `HEAPKIT_ERR_EXISTS`.
 */
export function redactSnapshot (input: string, output: string, options?: RedactSnapshotOptions): Promise<RedactedCopy>

export interface DiffOptions extends ReadingOptions {
  /** How many paths and constructors, 1 to 10000. Default: 20. */
  top?: number
  /** Whether the answer has the tree of what grew, for a picture: some thousand places at most. Default: false. */
  tree?: boolean
}

/** Arrays have one number for each snapshot; a delta is the last less the first. */
export interface HeapDiff {
  snapshots: Array<{ path: string, nodes: number, total: number, incomplete?: string, sourceMaps?: SourceMapsUsed }>
  sizeDelta: number
  /** Whether the objects of the first and the last have corresponding ids, and which share of the strings and functions says so. */
  ids: { correspond: boolean, agreement: number | null }
  /**
   * Growth by who holds it, most first (with more than two snapshots: first what grew every time). Each byte of a snapshot is in exactly one line: what
   * several things hold is in that of one of them.
   */
  paths: Array<{
    /** What there is more of, with what it is there for: `Session`, `Timeout running expireLogin() (login.js:14), with Login`. */
    name: string
    /** `MemoryStore.sessions`, `cart.js: carts`, `users.js: cache (LRUCache).keyList` */
    heldBy: string
    /** From a root; `[…]` stands for indices, keys and entries. */
    path: string[]
    /** How many of it the line has. */
    counts: number[]
    /** All bytes of the line. */
    sizes: number[]
    countDelta: number
    sizeDelta: number
    grewEveryTime: boolean
  }>
  /** How many lines grew; `paths` has the first of them. */
  pathCount: number
  /** The most by which a line grew, whether `paths` has it or not. */
  maxSizeDelta: number
  /** The lines that `paths` does not have. With these, the `sizeDelta` of all lines add up to that of the snapshots. */
  rest: { grown: { count: number, sizeDelta: number }, shrunk: { count: number, sizeDelta: number } }
  constructors: Array<{
    name: string
    counts: number[]
    shallow: number[]
    retained: number[]
    countDelta: number
    shallowDelta: number
    retainedDelta: number
    /** Objects that only the last has; where ids correspond. */
    added?: number
    /** Objects that only the first has; where ids correspond. */
    removed?: number
    grewEveryTime: boolean
  }>
  constructorCount: number
  /** What grew as a tree, where {@link DiffOptions.tree} asks for it. */
  tree?: GrowthBranch
}

/**
 * A place in the dominator trees of the first and the last snapshot, laid on each other, that has more bytes in the last. Objects that are held alike are
 * at one place; so are the entries of a Map, and the nodes of a list. Pairs are of the first and the last.
 */
export interface GrowthBranch {
  /** What the objects there are called; empty where several small places that grew are together. */
  name: string
  /** How they are held by what is above: `.sessions`, `[…]`; empty where several things hold them. */
  by: string
  /** How many. */
  counts: [number, number]
  /** Bytes, with all that they retain. */
  retained: [number, number]
  /** What grew of what they dominate, most first. */
  children?: GrowthBranch[]
}

/** What grew between two or more snapshots of one program, the earlier first. Rejects as {@link openSnapshot} does. */
export function diffSnapshots (paths: string[], options?: DiffOptions): Promise<HeapDiff>

// ---------------------------------------------------------------- errors and events

export type HeapkitErrorCode =
  | 'HEAPKIT_ERR_INVALID_OPTION'
  | 'HEAPKIT_ERR_UNSUPPORTED'
  | 'HEAPKIT_ERR_BUSY'
  | 'HEAPKIT_ERR_DISABLED'
  | 'HEAPKIT_ERR_NOT_ACTIVE'
  | 'HEAPKIT_ERR_ABORTED'
  | 'HEAPKIT_ERR_TIMEOUT'
  | 'HEAPKIT_ERR_STALLED'
  | 'HEAPKIT_ERR_IO'
  | 'HEAPKIT_ERR_NO_SPACE'
  | 'HEAPKIT_ERR_EXISTS'
  | 'HEAPKIT_ERR_MEMORY'
  | 'HEAPKIT_ERR_CHILD'
  | 'HEAPKIT_ERR_INVALID_SNAPSHOT'
  | 'HEAPKIT_ERR_INVALID_PROFILE'
  | 'HEAPKIT_ERR_INSPECTOR'
  | 'HEAPKIT_ERR_BINDING'
  | 'HEAPKIT_ERR_INTERNAL'

/** Every error of heapkit. `cause` is what lies behind it: the system's error, the signal's reason. */
export class HeapkitError extends Error {
  private constructor ()
  readonly name: 'HeapkitError'
  readonly code: HeapkitErrorCode
  /** The option or environment variable that an `HEAPKIT_ERR_INVALID_OPTION` is about. */
  readonly option?: string
  /** The file that it is about, if it is about one. */
  readonly path?: string
}

/**
 * What the messages of all three `diagnostics_channel` channels have. The events of one capture share their `id`, which is unique in the
 * thread. After one start comes one end or one error; a session whose `stop()` failed and is called again has more than one error.
 */
export interface CaptureEvent {
  id: number
  kind: CaptureKind
  /** 0 is the main thread. */
  threadId: number
  /** When the capture began, in ISO 8601. */
  startedAt: string
}

/** Message of `heapkit:capture:start`. */
export interface CaptureStartEvent extends CaptureEvent {}

/** Message of `heapkit:capture:end`. */
export interface CaptureEndEvent extends CaptureEvent {
  /** Of a stream its `path` is null. */
  artifact: Artifact | StreamArtifact
}

/** Message of `heapkit:capture:error`. */
export interface CaptureErrorEvent extends CaptureEvent {
  /** A {@link HeapkitError}, or what a stream was destroyed with. */
  error: Error
}
