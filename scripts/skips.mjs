// A reporter for Node's test runner: nothing but the tests that were skipped, with the reasons.

import path from 'node:path'

export default async function * skips (events) {
  const found = []
  for await (const { type, data } of events) {
    if (type !== 'test:pass' || data.skip === undefined) continue
    const reason = typeof data.skip === 'string' && data.skip !== '' ? data.skip : 'no reason given'
    found.push(`skipped: ${data.file ? `${path.basename(data.file)}: ` : ''}${data.name}: ${reason}\n`)
  }
  yield `${found.join('')}${found.length} skipped\n`
}
