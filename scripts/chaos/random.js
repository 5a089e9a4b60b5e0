'use strict'

// Random numbers that a seed repeats, by the algorithm called mulberry32.

/** Answers { below(n), between(a, b), pick(list) }, the same ones for the same seed. */
function randomFrom (seed) {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6D2B79F5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit) => Math.floor(next() * limit)
  return { below, between: (from, to) => from + below(to - from), pick: (list) => list[below(list.length)] }
}

module.exports = { randomFrom }
