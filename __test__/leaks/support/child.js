'use strict'

// The process that leaks: NAME MODE DIR. Between its snapshots it calls the leak as often as that says, and serves.

const path = require('node:path')
const { setImmediate: turn } = require('node:timers/promises')
const { takeSnapshot } = require('../../..')
const background = require('./background')

async function main ([name, mode, dir]) {
  const leak = require(`../${name}`)
  await leak.start?.()
  let index = 0
  for (const [stage, calls] of leak.calls.entries()) {
    for (const end = index + calls; index < end; index++) await leak.leak(index)
    background.serve(stage)
    await turn()
    await takeSnapshot({ mode, file: path.join(dir, `${stage + 1}.heapsnapshot`), compression: 'none' })
  }
}

main(process.argv.slice(2)).then(() => process.exit(), (error) => {
  console.error(error)
  process.exit(1)
})
