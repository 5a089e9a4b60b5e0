'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { getSystemErrorMap } = require('node:util')
const { systemError } = require('../lib/system-error')

const numberOf = (code) => [...getSystemErrorMap()].find(([, [name]]) => name === code)[0]

test('an error of Windows has the name and the number that Node.js has for it', () => {
  // ERROR_PATH_NOT_FOUND, ERROR_ACCESS_DENIED, ERROR_FILE_EXISTS, ERROR_DISK_FULL: as numbers of Unix they would be others.
  for (const [errno, code] of [[3, 'ENOENT'], [5, 'EACCES'], [80, 'EEXIST'], [112, 'ENOSPC']]) {
    const error = systemError({ name: code, errno, reason: 'it said so', syscall: 'scandir', path: 'C:\\dumps' }, 'win32')
    assert.deepEqual({ ...error }, { errno: numberOf(code), code, syscall: 'scandir', path: 'C:\\dumps' })
    assert.equal(error.message, `${code}: it said so, scandir 'C:\\dumps'`)
  }
  const strange = systemError({ errno: 4711, reason: 'it said so', syscall: 'open', path: 'a' }, 'win32')
  assert.equal(strange.code, 'UNKNOWN')
})

test('elsewhere the number says it, and the name where the number says nothing', () => {
  const of = (record) => {
    const { code, errno } = systemError({ reason: 'it said so', syscall: 'open', path: 'a', ...record }, 'linux')
    return [code, errno]
  }
  const enoent = Math.abs(numberOf('ENOENT'))
  if (process.platform !== 'win32') assert.deepEqual(of({ name: 'ENOTSUP', errno: enoent }), ['ENOENT', -enoent])
  assert.deepEqual(of({ name: 'EDQUOT', errno: 99_122 }), ['EDQUOT', -99_122])
  assert.deepEqual(of({ errno: 99_122 }), ['E99122', -99_122])
  assert.deepEqual(of({ name: 'EEXIST' }), ['EEXIST', numberOf('EEXIST')])
})

test('what is no error of the system has no code', () => {
  assert.equal(systemError({}), undefined)
  const error = systemError({ reason: 'it was moved' })
  assert.deepEqual([error.message, error.code], ['it was moved', undefined])
})
