/* eslint-env browser, commonjs */

'use strict'

// Tables that sort by every column, and filter.

const { h } = require('./elements')
const { number, plural } = require('./figures')

/** How many rows a table shows at first. */
const ROWS = 25

const { compare } = new Intl.Collator('en', { numeric: true })

/**
 * A table that sorts by every column and filters by text. `columns`: `title`, `value` (what is sorted by), `cell` (what is
 * shown), `text` (words, to the left, from A to Z at first), `width` in rem, `wide` (not shown in a small window). `sorted`
 * is the column that rows already are in the order of, if any.
 */
function table ({ id, noun, label, rows, of = rows.length, columns, text, sorted, detail }) {
  let order = sorted === undefined ? undefined : { column: sorted, descending: true }
  let all = false

  const heads = columns.map((column, at) => h('th', { scope: 'col', class: classesOf(column, 'right', 'wide') },
    h('button', { type: 'button', onclick: () => sortBy(at) }, column.title)))
  const body = h('tbody')
  const status = h('p', { class: 'status', role: 'status' })
  const filter = h('input', { type: 'search', id: `${id}-filter`, placeholder: 'Filter', autocomplete: 'off', spellcheck: 'false', oninput: draw })
  const more = h('button', { type: 'button', class: 'plain more', onclick: showAll })
  let texts

  function sortBy (column) {
    const first = !columns[column].text
    order = { column, descending: order?.column === column ? !order.descending : first }
    draw()
  }

  function matching () {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean)
    if (words.length > 0) texts ??= rows.map((row) => text(row).toLowerCase())
    const found = rows.filter((_, at) => words.every((word) => texts[at].includes(word)))
    if (!order) return found
    const { value } = columns[order.column]
    const sign = order.descending ? -1 : 1
    return found.sort((a, b) => {
      const [x, y] = [value(a), value(b)]
      // Rows without a value come last in both directions.
      if (x == null || y == null) return (x == null) - (y == null)
      return sign * (typeof x === 'string' ? compare(x, y) : x - y)
    })
  }

  function draw () {
    const found = matching()
    const shown = all ? found : found.slice(0, ROWS)
    heads.forEach((head, at) => {
      if (order?.column === at) head.setAttribute('aria-sort', order.descending ? 'descending' : 'ascending')
      else head.removeAttribute('aria-sort')
    })
    body.replaceChildren(...shown.map(line))
    if (found.length === 0) body.append(h('tr', {}, h('td', { colspan: columns.length, class: 'none' }, 'Nothing matches')))
    const counted = plural(found.length, noun)
    status.textContent = filter.value.trim() !== ''
      ? `${counted} of ${number(rows.length)}`
      : of > rows.length ? `${number(rows.length)} of ${plural(of, noun)}` : counted
    more.hidden = shown.length === found.length
    more.textContent = `Show all ${number(found.length)}`
  }

  function line (row) {
    return h('tr', {}, columns.map((column, at) => {
      const classes = classesOf(column, 'right', 'wide', 'filled')
      const content = column.cell(row, reveal)
      return at === 0 ? h('th', { scope: 'row', class: classes }, content) : h('td', { class: classes }, content)
    }))
  }

  /** Opens or closes the line below a row. */
  function reveal (button, row) {
    const line = button.closest('tr')
    const opened = button.getAttribute('aria-expanded') === 'true'
    button.setAttribute('aria-expanded', String(!opened))
    if (opened) line.nextSibling.remove()
    else line.after(h('tr', { class: 'below' }, h('td', { colspan: columns.length }, detail(row))))
  }

  function showAll () {
    const at = body.children.length
    all = true
    draw()
    // The button is gone: what it brought is next.
    const next = body.children[at]
    next?.setAttribute('tabindex', '-1')
    next?.focus()
  }

  draw()
  const element = h('table', { id, class: 'data', 'aria-label': label },
    h('colgroup', {}, columns.map((column) => {
      const element = h('col', { class: classesOf(column, 'wide') })
      if (column.width) element.style.width = `${column.width}rem`
      return element
    })),
    h('thead', {}, h('tr', {}, heads)), body)
  return [
    h('div', { class: 'tools' }, h('label', { for: `${id}-filter`, class: 'hidden-text' }, `Filter ${label.toLowerCase()}`), filter, status),
    element, more
  ]
}

function classesOf (column, ...names) {
  const has = { right: !column.text, wide: column.wide, filled: column.filled }
  return names.filter((name) => has[name]).join(' ') || null
}

module.exports = { table }
