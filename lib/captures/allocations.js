'use strict'

// All that was allocated, and not only what is alive. V8 keeps the sample of everything that has died as long as it samples, about 100 bytes each. So V8
// begins anew when it may hold `maxSamples` of them. What it had is read before that, in a forked child where there can be one, and kept as V8's text
// without single samples: it grows with the number of different stacks, not with time. Who captures gets both together (lib/captures/conversion.js).

const inspector = require('../inspector')
const options = require('../options')
const { HeapkitError, codes, textOf } = require('../errors')
const { handled } = require('../promises')
const time = require('../time')
const { unannounced } = require('./events')
const { Interruption } = require('./interruption')
const { settled } = require('./mode')
const { Pace } = require('./pace')
const { othersMatter } = require('./sampler')

/** How soon, and how late, it is looked at again. An idle thread is woken once in the time that a busy one takes. */
const SOONEST_MS = 1000
const LATEST_MS = 3_600_000
/** How often who waits for it looks. */
const LOOK_MS = 5
/** A reading that takes longer is given up, because captures wait for it. */
const TIMEOUT_MS = 60_000
/** After readings that failed, for each. */
const RETRY_MS = 5000
/** So many failures in a row, with more samples than V8 may hold at most, are enough. */
const FAILURES = 3
/** What V8 may hold at most, in times `maxSamples`: it goes on counting while a child reads. */
const PATIENCE = 4
/** And in any case so many: 8 MB. */
const AT_LEAST = 80_000
/** How soon it is noticed that a child is too slow for it. */
const GUARD_MS = 100
/** Of what is kept: some 200,000 functions on different stacks. */
const MOST_BYTES = 32 * 1024 ** 2

class AllocationTotals {
  /** What an artifact says of it. */
  facts = { rotations: 0, pauseMs: 0, uncountedMs: 0 }
  /** Of these, what the comments of a profile say. */
  notes = []

  #sampler
  #maxSamples
  #capture
  #pace
  /** V8's texts, which belong together. */
  #texts = []
  #isRotating = false
  #readers = 0
  #failures = 0
  #countedUntil = time.date()
  #isOver = false
  /** So many samples V8 may hold while a child reads. */
  #most
  /** Why V8 was stopped in the middle of a reading. */
  #stopped
  #alarm

  /** `capture(wanted, ways)` reads the session: see CaptureSession. */
  constructor (sampler, { sampleInterval, maxSamples }, capture) {
    this.#sampler = sampler
    this.#maxSamples = maxSamples
    this.#capture = capture
    this.#pace = new Pace(sampleInterval)
    this.#wait()
  }

  /** How many samples V8 may hold. */
  held () { return this.#pace.held() }

  /** Does `work(texts)` while V8 does not begin anew: its own text and these belong together. `limits` has the { signal, timeoutMs } of who waits. */
  async undisturbed (limits, work) {
    await this.#settled(limits)
    this.#readers++
    try {
      return await work(this.#texts)
    } finally {
      this.#readers--
    }
  }

  /** Waits for the end of a rotation. */
  async #settled (limits) {
    if (!this.#isRotating) return
    // A rotation does not keep the process alive, but who waits for a capture does.
    const interruption = new Interruption(limits, (timeoutMs) => new HeapkitError(codes.TIMEOUT,
      `The capture could not begin within ${timeoutMs} ms (\`timeoutMs\`): a child was still reading what V8 had counted until then (\`allocations: true\`). The session goes on; give it more time, or sample less often (\`sampleInterval\`)`))
    try {
      interruption.watch()
      while (this.#isRotating) await interruption.race(time.delay(LOOK_MS))
    } finally {
      interruption.unwatch()
    }
  }

  /** The session is over. */
  close () {
    this.#isOver = true
    this.#alarm.cancel()
    this.#texts = []
  }

  #wait (atLeast = SOONEST_MS) {
    const ms = Math.min(this.#pace.msUntil(this.#maxSamples), LATEST_MS)
    this.#alarm = time.after(Math.max(atLeast, ms), () => this.#look())
  }

  #look () {
    if (this.#isOver || !this.#sampler.isOn) return
    if (this.#readers > 0 || this.#pace.held() < this.#maxSamples) this.#wait()
    else handled(this.#rotate())
  }

  async #rotate () {
    this.#isRotating = true
    // A thread that comes to its event loop late may hold more already.
    this.#most = Math.max(this.#mostMeanwhile(), 2 * this.#pace.held())
    const guard = time.every(GUARD_MS, () => this.#mustKeepUp())
    try {
      const wanted = settled(options.stopToStream('sampling', undefined, { format: 'heapprofile' }))
      if (wanted.mode === 'fork' && !othersMatter() && !inspector.isOpen()) await this.#readInChild(wanted)
      else this.#readHere()
      this.#failures = 0
      this.facts.rotations++
      await this.#addUp(wanted)
      const bytes = this.#texts.reduce((sum, text) => sum + text.length, 0)
      if (this.#stopped !== undefined) this.#giveUp(this.#stopped)
      else if (bytes > MOST_BYTES) this.#giveUp(`its different stacks have ${mebibytes(bytes)}, and ${mebibytes(MOST_BYTES)} are the most that is kept`)
    } catch (error) {
      this.#failures++
      if (!this.#isOver && this.#stopped !== undefined) {
        this.#giveUp(`${this.#stopped}, and the child failed: ${textOf(error)}`)
      } else if (!this.#isOver && this.#failures >= FAILURES && this.#pace.held() > this.#usualMost()) {
        this.#giveUp(`V8 may hold ${Math.round(this.#pace.held())} samples, and they could not be read ${this.#failures} times, at last because: ${textOf(error)}`)
      }
    } finally {
      guard.cancel()
      this.#isRotating = false
      if (!this.#isOver && this.#sampler.isOn) this.#wait(Math.max(SOONEST_MS, this.#failures * RETRY_MS))
    }
  }

  #usualMost () { return PATIENCE * this.#maxSamples }

  #mostMeanwhile () { return Math.max(this.#usualMost(), AT_LEAST) }

  /** V8 is stopped where it counts faster than a child reads. What the children read is kept. */
  #mustKeepUp () {
    if (this.#isOver || !this.#sampler.isOn || this.#pace.held() <= this.#most) return
    this.#stopped = `V8 may hold ${Math.round(this.#pace.held())} samples, and a child is still reading those before them: with a larger \`sampleInterval\` there are fewer, with a larger \`maxSamples\` there may be more`
    this.#sampler.stop()
  }

  /**
   * Twice. The first reading may fail: nothing is lost, and it is tried again. V8 begins anew in the moment of the second one's fork, so that between the two
   * nothing is missed or counted twice. Should that one fail, there is what the first one has, and the time from its fork on was not counted. Where V8 was stopped
   * meanwhile, the first one has all that there is.
   */
  async #readInChild (wanted) {
    let first, restart
    const text = await this.#child(wanted, { afterFork: () => { first = moment() } })
    if (!this.#sampler.isOn) {
      this.#keep(text, first.date)
      return
    }
    try {
      this.#keep(await this.#child(wanted, {
        mustBegin: () => {
          if (!this.#sampler.isOn) throw new HeapkitError(codes.CHILD, 'V8 was stopped before the child could begin')
          if (restart !== undefined) throw new HeapkitError(codes.CHILD, 'The child failed after V8 had begun anew')
        },
        afterFork: () => {
          restart = moment()
          this.#restart()
        }
      }), restart.date)
    } catch (error) {
      if (restart === undefined && this.#sampler.isOn) throw error
      this.#keep(text, first.date)
      if (restart === undefined) return
      this.facts.uncountedMs += Math.ceil(restart.at - first.at)
      this.notes = [`not counted: ${this.facts.uncountedMs} ms, because a reading failed (${textOf(error)})`]
    }
  }

  async #child (wanted, moments) {
    const { artifact, chunks } = await this.#capture(options.bare(wanted, { timeoutMs: TIMEOUT_MS, start: unannounced('sampling') }), {
      task: { memory: () => ({ samples: Math.ceil(this.held()) }), work: (onChunk) => onChunk(this.#sampler.readTotals()), ...moments }
    })
    this.facts.pauseMs += artifact.pauseMs
    const text = Buffer.concat(chunks)
    return text
  }

  #restart () {
    this.#sampler.stop()
    this.#sampler.start()
    this.#pace.begin()
    this.#most = this.#mostMeanwhile()
  }

  /** Where a child cannot read, or where somebody needs what disabling the session takes: V8 stops with the profile, so nothing is missed either. */
  #readHere () {
    const began = time.now()
    const text = this.#sampler.endWithTotals()
    this.#sampler.start()
    this.#pace.begin()
    this.facts.pauseMs += time.now() - began
    this.#keep(Buffer.from(text), time.date())
  }

  /** What was counted until then. */
  #keep (text, until) {
    this.#countedUntil = until
    this.#texts = [...this.#texts, text]
    const [, count] = /^\{"count":(\d+)/.exec(text.toString('latin1', 0, 32))
    this.#pace.learn(Number(count))
  }

  /** Makes one text of all. Where there is no memory for it, they wait for the next time. */
  async #addUp (wanted) {
    const [newest, ...plus] = [...this.#texts].reverse()
    if (plus.length === 0) return
    try {
      const { chunks } = await this.#capture(options.bare(wanted, { mode: 'inline', plus, timeoutMs: TIMEOUT_MS, start: unannounced('sampling') }), { collect: () => newest })
      this.#texts = [Buffer.concat(chunks)]
    } catch {
      // They are as right as before.
    }
  }

  /** V8 would grow without end. What was counted until now stays. */
  #giveUp (why) {
    this.#sampler.stop()
    this.facts.endedAt = this.#countedUntil.toISOString()
    this.notes = [...this.notes, `counted until ${this.facts.endedAt}: ${why}`]
    try {
      process.emitWarning(`The sampling session of this thread counts no more allocations: ${why}. What was allocated until ${this.facts.endedAt} is kept: capture() and stop() deliver it`,
        { type: 'HeapkitWarning', code: 'HEAPKIT_WARN_ALLOCATIONS_ENDED' })
    } catch {
      // A service that has replaced emitWarning() hears nothing; the artifact says it, too.
    }
  }
}

function moment () {
  return { at: time.now(), date: time.date() }
}

function mebibytes (bytes) {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}

module.exports = { AllocationTotals }
