'use strict'

// The same for Node.js; `datadog` as argument writes what @datadog/pprof makes of it, into two files.

const fs = require('node:fs')

function burn (rounds) {
  let sum = 0
  for (let i = 0; i < rounds; i++) sum += Math.sqrt(i) | 0
  return sum
}

function hold (count) {
  return Array.from({ length: count }, (_, index) => ({ index }))
}

async function main ([who, pprof, cpu, heap]) {
  if (who !== 'datadog') return [burn(3e8), hold(2e5)]
  const { time, heap: own, encode } = require(pprof)
  time.start({ durationMillis: 60_000, intervalMicros: 10_000 })
  own.start(512 * 1024, 64)
  const held = [burn(3e8), hold(2e5)]
  fs.writeFileSync(cpu, await encode(time.stop()))
  fs.writeFileSync(heap, await encode(own.profile()))
  return held
}

main(process.argv.slice(2)).then((held) => { globalThis.held = held })
