'use strict'

// Every page of a dashboard reads a branch of one ReadableStream; who leaves does not cancel his, and what he has not read waits for him.

class Ticks {
  constructor () {
    this.stream = new ReadableStream({ start: (controller) => { this.controller = controller } })
  }

  join () {
    const [mine, rest] = this.stream.tee()
    this.stream = rest
    return mine
  }
}

const ticks = new Ticks()

async function showTicks (number) {
  const shown = Array.from({ length: 30 }, (_, tick) => tick * number + 0.5)
  for await (const tick of ticks.join()) shown.push(tick)
}

module.exports = {
  holder: [/\bTicks\b|\bticks\b|\bReadableStream\w*\b/],
  thing: /\bReadableStream\w*\b|\bshowTicks\b/,
  bytes: 4500,
  calls: [100, 400, 400],
  leak (index) { showTicks(index) }
}
