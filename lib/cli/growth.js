'use strict'

// The table of what grew, and who holds it. It fits the terminal's width, and is as wide as it has to be where there is none: what reads it
// then wants whole lines.

const { GAP, PATH_WIDTH, bytes, count, signed, short, visible, ending, wrapped, longest } = require('./table')

/** Lines with a smaller share of all that grew are not shown. */
const SMALLEST = 0.001
/** Of a name of V8's own making, say the properties of objects. */
const NAME_WIDTH = 120
/** What grew has this much room at least, however narrow the terminal is. */
const MIN_ROOM = 24
const TITLE = 'WHAT, AND WHO HOLDS IT'

function growth (diff, width) {
  const { paths, snapshots, rest } = diff
  if (paths.length === 0) return 'Nothing grew\n'
  const grown = sum(paths) + rest.grown.sizeDelta
  const shown = paths.filter(({ sizeDelta }, index) => index === 0 || sizeDelta >= grown * SMALLEST)
  const rows = shown.map((line) => row(line, snapshots.length > 2))
  return layout(rows, snapshots.length > 2, width) + wrapped(explained(diff, shown, grown), width).join('\n') + '\n'
}

function row ({ name, heldBy, countDelta, sizeDelta, counts, path, grewEveryTime }, steady) {
  const thing = short(name, NAME_WIDTH)
  return {
    size: signed(sizeDelta, bytes),
    what: countDelta > 0 ? `${signed(countDelta)} ${thing}` : `${countDelta < 0 ? 'fewer, but larger' : 'larger'}: ${thing}`,
    holder: `held by ${visible(heldBy)}`,
    notes: [...(steady ? [grewEveryTime ? 'every time' : ''] : []), counts.map(count).join(' → ')],
    path: visible(path.join(' '))
  }
}

/** What grew with its counts beside it, and how it is reached below it. */
function layout (rows, steady, width) {
  const sizes = longest(['GROWTH', ...rows.map(({ size }) => size)])
  const titles = [...(steady ? ['GREW'] : []), 'COUNTS']
  const notes = titles.map((title, index) => longest([title, ...rows.map((row) => row.notes[index])]))
  const left = sizes + GAP.length
  const room = Math.max(MIN_ROOM, width - left - notes.reduce((all, own) => all + GAP.length + own, 0))
  const blocks = rows.map((row) => lines(row, room))
  const middle = longest([TITLE, ...blocks.map(([first]) => first)])
  const line = (size, what, cells) => [size.padStart(sizes), what.padEnd(middle), ...cells.map((cell, index) => cell.padEnd(notes[index]))].join(GAP).trimEnd()
  const indent = ' '.repeat(left)
  const pathWidth = width === Infinity ? PATH_WIDTH : Math.max(MIN_ROOM, width - left)
  const body = rows.flatMap((row, index) => {
    const [first, ...more] = blocks[index]
    return [line(row.size, first, row.notes), ...[...more, ...(row.path === '' ? [] : [ending(row.path, pathWidth)])].map((text) => indent + text)]
  })
  return [line('GROWTH', TITLE, titles), [sizes, middle, ...notes].map((own) => '-'.repeat(own)).join(GAP), ...body].join('\n') + '\n'
}

/** On one line if there is room; else the holder begins one of its own, which is never broken in its middle. */
function lines ({ what, holder }, room) {
  const whole = `${what} ${holder}`
  return whole.length <= room ? [whole] : [...wrapped(what, room).map((line) => short(line, room)), holder]
}

/** What the lines come to, and what is left. */
function explained ({ paths, pathCount, rest }, shown, grown) {
  const others = { count: pathCount - shown.length, sizeDelta: grown - sum(shown) }
  const words = [
    `These lines explain ${Math.floor(sum(shown) / grown * 100)} % of ${signed(grown, bytes)}`,
    ...(others.count > 0 ? [`${count(others.count)} more ${signed(others.sizeDelta, bytes)}${pathCount > paths.length ? ' (--top)' : ''}`] : []),
    ...(rest.shrunk.count > 0 ? [`${count(rest.shrunk.count)} that shrank ${signed(rest.shrunk.sizeDelta, bytes)}`] : [])
  ]
  return `${words[0]}${words.length > 1 ? '; ' : ''}${words.slice(1).join(', ')}`
}

function sum (lines) {
  return lines.reduce((all, { sizeDelta }) => all + sizeDelta, 0)
}

module.exports = { growth }
