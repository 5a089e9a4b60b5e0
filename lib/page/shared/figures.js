/* eslint-env browser, commonjs */

'use strict'

// Numbers as people read them.

const { h } = require('./elements')

const formatted = new Intl.NumberFormat('en-US').format

function number (value) {
  return formatted(value).replace('-', '−')
}

function signed (value) {
  return (value > 0 ? '+' : '') + number(value)
}

/** 1536 → ['1.5', 'KiB'] */
function scaled (count) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = Math.abs(count)
  let unit = 0
  // What would be rounded to 1024.0 is 1.0 of the next.
  while (value >= (unit === 0 ? 1024 : 1023.95) && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return [(count < 0 ? '−' : '') + (unit === 0 ? value : value.toFixed(1)), units[unit]]
}

function bytesText (count, sign) {
  return (sign && count > 0 ? '+' : '') + scaled(count).join(' ')
}

function exactly (count, sign) {
  return `${sign ? signed(count) : number(count)} bytes`
}

/** Bytes as an element; units are equally wide, so that numbers stand below one another. */
function bytes (count, sign) {
  const [value, unit] = scaled(count)
  return h('span', { class: 'bytes', title: exactly(count, sign) },
    `${sign && count > 0 ? '+' : ''}${value} `, h('span', { class: 'unit' }, unit))
}

function percent (part, whole) {
  return `${(whole > 0 ? part / whole * 100 : 0).toFixed(1)} %`
}

function quietIfZero (value, shown) {
  return value === 0 ? h('span', { class: 'none' }, shown) : h('span', {}, shown)
}

function plural (count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`
}

module.exports = { number, signed, bytesText, exactly, bytes, percent, quietIfZero, plural }
