'use strict'

// Tables and numbers for people.

/** `rows` of strings under `head`; the columns named in `right` are aligned to the right. */
function table (head, rows, right = []) {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)))
  const line = (cells) => cells
    .map((cell, column) => right.includes(head[column]) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))
    .join('  ').trimEnd()
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n') + '\n'
}

/** 1536 → '1.5 KiB' */
function bytes (count) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  while (count >= 1024 && unit < units.length - 1) {
    count /= 1024
    unit++
  }
  return `${unit === 0 ? count : count.toFixed(1)} ${units[unit]}`
}

/** 48000 → '48,000' */
function count (number) {
  return number.toLocaleString('en-US')
}

/** With its sign: '+48,000', '-3', '0'. */
function signed (number, format = count) {
  return `${number > 0 ? '+' : number < 0 ? '-' : ''}${format(Math.abs(number))}`
}

/** 0.125 → '12.5 %' */
function percent (share) {
  return `${(share * 100).toFixed(1)} %`
}

/** At most `width` characters, on one line. */
function short (text, width) {
  const line = text.replace(/\p{Cc}+/gu, ' ')
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`
}

module.exports = { table, bytes, count, signed, percent, short }
