/* eslint-env browser, commonjs */

'use strict'

// Values in their unit: as people read them, and to the last digit.

const { bytesText, number, signed } = require('../../page/shared/figures')
const { visible } = require('../../page/shared/names')

const NANOSECONDS = [[60e9, 'min'], [1e9, 's'], [1e6, 'ms'], [1e3, 'µs']]

function amount (value, unit, sign = false) {
  if (unit === 'bytes') return bytesText(value, sign)
  if (unit === 'nanoseconds') return (sign && value > 0 ? '+' : '') + duration(value)
  const counted = sign ? signed(value) : number(value)
  return isCount(unit) ? counted : `${counted} ${visible(unit, 40)}`
}

function duration (nanoseconds) {
  if (nanoseconds === 0) return '0 ms'
  const [scale, unit] = NANOSECONDS.find(([scale]) => Math.abs(nanoseconds) >= scale) ?? [1, 'ns']
  const value = Math.abs(nanoseconds) / scale
  const digits = unit === 'ns' ? 0 : value < 10 ? 2 : value < 100 ? 1 : 0
  return `${nanoseconds < 0 ? '−' : ''}${value.toFixed(digits)} ${unit}`
}

function exactly (value, unit, sign = false) {
  const counted = sign ? signed(value) : number(value)
  return isCount(unit) ? counted : `${counted} ${unit === 'nanoseconds' ? 'ns' : visible(unit, 40)}`
}

function isCount (unit) {
  return unit === 'count' || unit === ''
}

module.exports = { amount, duration, exactly }
