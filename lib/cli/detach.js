'use strict'

// heapkit detach PID: closes an inspector that was left open.

const { command } = require('./command')
const { pidOf, withProcess } = require('./by-pid')

const usage = `Usage: heapkit detach PID [--json]

Closes the inspector of a Node.js process that is open, because SIGUSR1 opened it or a command of heapkit was killed before it could
close it again. One that was opened by --inspect is closed, too. If its port is not known, all on which the process listens are asked for
/json/list.

Options:
  --json      the answer as JSON
  -h, --help  this text
`

async function run ([pid], { json }, { output, stderr }) {
  const number = pidOf(pid, 'detach')
  await withProcess(number, stderr, async (attached) => attached.own(), { asksPorts: true })
  if (json) return output.json({ pid: number, closed: true })
  output.write(`The inspector of process ${number} is closed\n`)
}

module.exports = command({ usage, reads: false, run })
