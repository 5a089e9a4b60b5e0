'use strict'

// The figures in the README's section on safety. Those of tests are lower bounds, so that a new test makes none untrue.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { AREAS, claimed, countOthers, countTests } = require('../scripts/counts')

const ADVICE = '`node scripts/counts.js --write` brings the README up to date'

test('there are as many tests of each kind as the README says', () => {
  const counts = countTests()
  const { tests } = claimed()
  assert.deepEqual(tests.map(([what]) => what), AREAS.map(([what]) => what), ADVICE)
  for (const [index, [what, number]] of tests.entries()) {
    assert.ok(number > 0 && number <= counts[index], `${what}: the README says ${number}, there are ${counts[index]}. ${ADVICE}`)
  }
})

test('the matrix and the fuzz targets are as many as the README says', () => {
  const { cells, versions, fuzzTargets } = claimed()
  assert.deepEqual({ cells, versions, fuzzTargets }, countOthers(), ADVICE)
})
