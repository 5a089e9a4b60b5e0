'use strict'

// The judge of the leaks in __test__/leaks: what counts as named, nearly named and wrong, and as explained.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { DIR, choose } = require('./leaks/support/leaks')
const { judge, addsUp, output, worst } = require('./leaks/support/verdict')

const LEAK = { holder: [/\bcarts\b/, /cart\.js/], thing: /\bCart\b/, count: 1, bytes: 100, calls: [10, 1000, 1000] }

const text = (...lines) => `SNAPSHOT  SIZE  NODES
--------  ----  -----
+195.3 KiB from the first to the last

     GROWTH  WHAT, AND WHO HOLDS IT                     COUNTS  PATH
-----------  -----------------------------------------  ------  ----
${lines.map((line, index) => `${`+${190 - index}.0 KiB`.padStart(11)}  ${line.padEnd(41)}  1 → 2   global .carts cart.js`).join('\n')}

CONSTRUCTOR  COUNT
Cart         2000
`

const diff = (name, heldBy, countDelta = 2000, sizes = [200_000]) =>
  ({ sizeDelta: 200_000, paths: sizes.map((sizeDelta) => ({ name, heldBy, countDelta, sizeDelta })) })

test('a line that names holder and thing is right, and one that names half of it nearly', () => {
  const right = judge(LEAK, text('+2,000 Cart held by carts (cart.js)'), diff('Cart', 'carts (cart.js)'))
  assert.deepEqual(right, { verdict: 'named', why: '', line: '+2,000 Cart held by carts (cart.js)', explained: 1 })
  assert.equal(judge(LEAK, text('+2,000 Cart held by Module'), diff('Cart', 'Module')).verdict, 'near')
  assert.equal(judge(LEAK, text('+2,000 Array held by carts (cart.js)'), diff('Array', 'carts (cart.js)')).verdict, 'near')
  assert.equal(judge(LEAK, text('+2,000 Array held by Module'), diff('Array', 'Module')).verdict, 'wrong')
})

test('what the text says and what the API says are both looked at; the path beside them is not', () => {
  assert.equal(judge(LEAK, text('+2,000 Cart held by carts (cart.js)'), diff('Cart', 'Module')).verdict, 'near')
})

test('the right line in the second or third place is nearly right, and so is a wrong count', () => {
  const second = text('+2,000 Array held by Module', '+2,000 Cart held by carts (cart.js)')
  assert.equal(judge(LEAK, second, diff('Array', 'Module')).verdict, 'near')
  const miscounted = judge(LEAK, text('+9,000 Cart held by carts (cart.js)'), diff('Cart', 'carts (cart.js)', 9000))
  assert.deepEqual([miscounted.verdict, miscounted.why], ['near', 'counts 9000, not 2000'])
})

test('no growth at all is wrong, and a leak that does not grow as it says is a mistake of the leak', () => {
  const none = judge(LEAK, 'Nothing grew\n', { sizeDelta: 200_000, paths: [] })
  assert.deepEqual([none.verdict, none.explained], ['wrong', 0])
  assert.throws(() => judge(LEAK, text('x'), { sizeDelta: 5000, paths: [] }), /It grew by 3 bytes a call, not by about 100/)
})

test('lines add up that are within three hundredths of the growth, more as well as less', () => {
  const shares = [[200_000], [120_000, 76_000], [205_000], [190_000], [200_000, 20_000]].map((sizes) => diff('Cart', 'carts (cart.js)', 2000, sizes))
  assert.deepEqual(shares.map((one) => addsUp(judge(LEAK, text('+2,000 Cart held by carts (cart.js)'), one))), [true, true, true, false, false])
})

test('the worst of several judgements is the one that counts', () => {
  const of = (...verdicts) => worst(verdicts.map((verdict) => ({ verdict }))).verdict
  assert.deepEqual([of('named', 'named'), of('near', 'named'), of('named', 'wrong', 'near')], ['named', 'near', 'wrong'])
})

test('what is judged is what the command line prints, and a command that fails has no text', async () => {
  assert.match(await output(['diff', '--help']), /^Usage: heapkit diff/)
  await assert.rejects(output(['diff', '--no-such-option']), /heapkit diff answered 2: heapkit: .*--no-such-option/)
})

test('every leak says what leaks, who holds it, and how much', () => {
  assert.throws(() => choose(['no-such-leak']), /There is no leak 'no-such-leak'/)
  for (const name of choose([])) {
    // Read, not required: libraries need not be installed for this.
    const source = fs.readFileSync(path.join(DIR, `${name}.js`), 'utf8')
    assert.match(source, /^'use strict'\n\n\/\/ .+\n/, name)
    for (const field of [/^ {2}holder: \[/m, /^ {2}thing: \//m, /^ {2}bytes: [\d_* ]+,/m, /^ {2}calls: \[[\d_]+, [\d_]+, [\d_]+\],/m, /^ {2}(async )?leak\b/m]) assert.match(source, field, name)
    assert.ok(source.split('\n').length <= 60, `${name} is longer than 60 lines`)
  }
})
