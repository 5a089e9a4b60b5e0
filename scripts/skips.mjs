// A reporter for Node's test runner: nothing but the tests that were skipped, with the reasons. Of a group that is skipped the runner does not know the tests.

import path from 'node:path'

export default async function * skips (events) {
  const found = []
  for await (const { type, data } of events) {
    if (type !== 'test:pass' || data.skip === undefined) continue
    const reason = typeof data.skip === 'string' && data.skip !== '' ? data.skip : 'no reason given'
    const what = data.details.type === 'suite' ? `all of "${data.name}"` : data.name
    found.push(`skipped: ${data.file ? `${path.basename(data.file)}: ` : ''}${what}: ${reason}\n`)
  }
  yield `${found.join('')}${found.length} skipped\n`
}
