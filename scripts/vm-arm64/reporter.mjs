// A reporter for Node's test runner: one line of JSON for each test that has no tests of its own, as soon as it has ended.

import path from 'node:path'

export default async function * lines (events) {
  for await (const { type, data } of events) {
    if ((type !== 'test:pass' && type !== 'test:fail') || data.details.type === 'suite') continue
    const { name, skip, details: { duration_ms: ms, error } } = data
    const cause = error?.cause ?? error
    // What a file that fails as a whole is called is the file.
    const file = path.basename(data.file ?? name)
    yield `${JSON.stringify({ file, name, ms, skip: skip === true || skip === '' ? 'no reason given' : skip, error: cause && String(cause.stack ?? cause) })}\n`
  }
}
