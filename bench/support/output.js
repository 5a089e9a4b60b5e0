'use strict'

// How benches print: tables for people, one JSON object for programs, claims that hold or fail.

const { table, bytes } = require('../../lib/cli/table')
const { machine, machineLine } = require('./machine')

/** Runs one bench from the command line: `run(values, note)` answers { tables: [{ title, head, rows }], claims, data }. */
async function main (run, values) {
  const at = machine()
  const note = values.json ? () => {} : progress
  if (!values.json) console.log(machineLine(at) + '\n')
  const result = await run(values, note)
  if (values.json) console.log(JSON.stringify({ machine: at, ...result.data, claims: result.claims }, null, 2))
  else print(result)
  if (result.claims.some(({ holds }) => !holds)) process.exitCode = 1
}

function print ({ tables, claims }) {
  for (const { title, head, rows } of tables) {
    console.log(`${title}\n\n${table(head, rows, head.slice(1))}`)
  }
  for (const { claim, value, holds } of claims) console.log(`${holds ? 'holds' : 'FAILS'}  ${claim}: ${value}`)
  if (claims.length) console.log()
}

/** For the command line: an error is one line and an exit code. */
function start (run, values) {
  main(run, values).catch((error) => {
    console.error(error.stack)
    process.exitCode = 2
  })
}

/** On the same line of a terminal; nothing where there is none. */
function progress (text) {
  if (!process.stderr.isTTY) return
  process.stderr.write(`\r\x1b[K${text}`)
}

const ms = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`
const times = (value) => `${value.toFixed(3)}x`
const percent = (value) => `${(value * 100).toFixed(2)} %`
/** '0.931x (0.90 to 0.97)' */
const ratioText = ({ median, low, high }) => `${times(median)} (${low.toFixed(3)} to ${high.toFixed(3)})`

module.exports = { start, print, bytes, ms, times, percent, ratioText }
