'use strict'

// Tables and numbers for people.

/** A column that is cut has this much room, or its title's. */
const LEAST = 12
const GAP = '  '
/** Of a path, where no terminal says how wide it is. */
const PATH_WIDTH = 160

/**
 * `rows` of strings under `head`; the columns named in `right` are aligned to the right. Where a line would have more than `width` characters,
 * the columns of `cut` lose some: { title: function (text, width) }. Before one of them has less than `least` of them, those of `drop` are left out,
 * the first before others.
 */
function table (head, rows, right = [], { width = Infinity, cut = {}, least: kept = LEAST, drop = [] } = {}) {
  rows = rows.map((row) => row.map(visible))
  const widths = head.map((title, column) => longest([title, ...rows.map((row) => row[column])]))
  const floor = drop.length > 0 ? kept : LEAST
  const least = head.map((title, column) => Object.hasOwn(cut, title) ? Math.min(widths[column], Math.max(title.length, floor)) : widths[column])
  const all = (sizes) => sizes.reduce((sum, size) => sum + size + GAP.length, -GAP.length)
  if (all(least) > width && drop.length > 0) {
    const left = head.map((_, column) => column).filter((column) => head[column] !== drop[0])
    const only = (row) => left.map((column) => row[column])
    return table(only(head), rows.map(only), right, { width, cut, least: kept, drop: drop.slice(1) })
  }
  // The last that can be cut loses first.
  for (let column = head.length - 1; column >= 0; column--) {
    widths[column] -= Math.min(widths[column] - least[column], Math.max(0, all(widths) - width))
  }
  rows = rows.map((row) => row.map((cell, column) => cell.length > widths[column] ? cut[head[column]](cell, widths[column]) : cell))
  const line = (cells) => cells
    .map((cell, column) => right.includes(head[column]) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]))
    .join(GAP).trimEnd()
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

/** What a value of a profile is, in its own unit. */
function amount (number, unit) {
  if (unit === 'bytes') return bytes(number)
  if (unit === 'nanoseconds') return Math.abs(number) < 1e9 ? `${(number / 1e6).toFixed(1)} ms` : `${(number / 1e9).toFixed(2)} s`
  return unit === 'count' || unit === '' ? count(number) : `${count(number)} ${visible(unit)}`
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
  const line = visible(text)
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`
}

/** The end of a text, which says most of a path: at most `width` characters. */
function ending (text, width) {
  return text.length <= width ? text : `…${text.slice(text.length - width + 1)}`
}

function longest (texts) {
  return texts.reduce((most, { length }) => Math.max(most, length), 0)
}

/** A long line of a tree: some of its indentation goes, then the front of what it says. */
function fitting (line, width) {
  if (line.length <= width) return line
  const text = line.trimStart()
  const indent = Math.min(line.length - text.length, Math.max(Math.floor(width / 3), width - text.length))
  return ' '.repeat(indent) + ending(text, width - indent)
}

/** On lines of at most `width` characters, broken at spaces only. */
function wrapped (text, width) {
  const lines = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** Characters that a terminal would obey, or that turn the order of others round, as escapes: a heap's names may have any. */
function visible (text) {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, (char) => `\\u{${char.codePointAt(0).toString(16)}}`)
}

module.exports = { GAP, PATH_WIDTH, table, amount, bytes, count, signed, percent, short, ending, wrapped, longest, fitting, visible }
