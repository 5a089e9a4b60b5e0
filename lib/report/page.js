/* eslint-env browser */

// What the page of `heapkit report` does. Strings of the heap become text nodes and properties, never HTML; the policy in
// index.js forbids the rest.

(function () {
  'use strict'

  const SVG = 'http://www.w3.org/2000/svg'
  /** How many rows a table shows at first. */
  const ROWS = 25
  /** How many paths that grew are shown at first. */
  const GROWTHS = 8

  const byId = (id) => document.getElementById(id)
  const { generatedAt, report, diff } = JSON.parse(byId('data').textContent)
  const { summary, suspects, tree } = report
  const total = summary.totals.total

  // ---- elements

  /** An element; `on…` are listeners, everything else attributes; children that are falsy are left out. */
  function h (tag, attributes, ...children) {
    const element = document.createElement(tag)
    for (const [name, value] of Object.entries(attributes ?? {})) {
      if (value === undefined || value === null || value === false) continue
      if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
      else element.setAttribute(name, value === true ? '' : value)
    }
    element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false && child !== ''))
    return element
  }

  function s (tag, attributes) {
    const element = document.createElementNS(SVG, tag)
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
    return element
  }

  // ---- numbers and names

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

  function percent (part, whole = total) {
    return `${(whole > 0 ? part / whole * 100 : 0).toFixed(1)} %`
  }

  function quietIfZero (value, shown) {
    return value === 0 ? h('span', { class: 'none' }, shown) : h('span', {}, shown)
  }

  function plural (count, one, many = `${one}s`) {
    return `${number(count)} ${count === 1 ? one : many}`
  }

  /** Shows characters that are invisible, or change the direction of text, by their codes. */
  function visible (text, limit = 300) {
    const shown = text.length > limit ? text.slice(0, limit - 1) + '…' : text
    return shown.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (char) => {
      const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }[char]
      return known ?? `\\u{${char.codePointAt(0).toString(16)}}`
    })
  }

  function quoted (text) {
    return `"${visible(text.replaceAll('\\', '\\\\').replaceAll('"', '\\"'))}"`
  }

  function name (text, className = 'name') {
    return h('span', { class: className, title: text.length > 24 && visible(text, 2000) }, visible(text) || '(no name)')
  }

  /** Fills that share of a row or a bar, from its end. */
  function share (element, part, whole) {
    element.style.setProperty('--share', whole > 0 ? Math.min(1, Math.max(0, part / whole)).toFixed(4) : '0')
    return element
  }

  /** How an object is reached, as a list of `{ by, name, id, count }`; with a count, so many more steps like that. */
  function chain (steps) {
    return h('ol', { class: 'chain' }, steps.map((step, at) => h('li', { class: at === steps.length - 1 && 'end' },
      h('span', { class: 'by' }, step.count === undefined ? visible(step.by) : `… ${number(step.count)} more ${visible(step.by)}`.trimEnd()),
      h('span', { class: 'to' }, step.count === undefined || step.name ? name(step.name) : '…', step.count === undefined && step.id !== undefined && [' ', reference(step.id)])
    )))
  }

  /** `.cache Object`, `["a b"] Module`: the core joins the two with a space. */
  function parsedStep (text) {
    const parts = /^(\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\]|\{[^}]*\}|[.→]\S+) (.*)$/s.exec(text)
    return parts ? { by: parts[1], name: parts[2] } : { by: '', name: text }
  }

  // ---- the top of the page

  function masthead () {
    const { file, totals, types, detached } = summary
    byId('generated').append('· ', h('time', { datetime: generatedAt }, generatedAt.slice(0, 16).replace('T', ' ') + ' UTC'))
    byId('facts').append([
      plural(file.nodes, 'object'), plural(file.edges, 'reference'), plural(file.strings, 'string'),
      plural(summary.classCount, 'constructor')
    ].join(' · '))
    if (detached) {
      byId('facts').append(` · ${plural(detached.count, 'detached DOM node')} retaining ${bytesText(detached.retained)}`)
    }

    const notes = byId('notes')
    if (file.incomplete !== undefined) {
      notes.append(h('p', { class: 'note', role: 'note' }, h('strong', {}, 'This snapshot is incomplete'),
        `: ${visible(file.incomplete, 1000)}. Everything here is about the part that could be read: paths and retained sizes may be wrong.`))
    }
    for (const snapshot of diff?.snapshots ?? []) {
      // The last one is the one above.
      if (snapshot.incomplete === undefined || snapshot === diff.snapshots.at(-1)) continue
      notes.append(h('p', { class: 'note', role: 'note' }, h('strong', {}, 'The snapshot compared with is incomplete'),
        `: ${visible(baseName(snapshot.path))}, ${visible(snapshot.incomplete, 1000)}. Growth may be overstated.`))
    }

    const parts = ['native', 'strings', 'code', 'arrays', 'system', 'other'].map((part) => [part, totals[part]])
    const bar = h('div', { class: 'stack', 'aria-hidden': 'true' }, parts.filter(([, size]) => size > 0).map(([part, size]) => {
      const segment = h('span', { class: part, title: `${part}: ${exactly(size)}, ${percent(size)}` })
      segment.style.flexGrow = size
      return segment
    }))
    const explained = {
      native: totals.typedArrays > 0 && `typed arrays ${bytesText(totals.typedArrays)}`,
      other: 'objects, closures, …'
    }
    byId('totals').append(
      h('p', { class: 'total' }, h('span', { class: 'label' }, 'total'), ' ', h('strong', {}, bytes(total)),
        diff && h('a', { href: '#growth', class: 'delta', title: visible(diff.snapshots[0].path, 2000) }, bytesText(diff.sizeDelta, true), ' since ', visible(baseName(diff.snapshots[0].path)))),
      h('div', { class: 'parts' }, bar, h('dl', {}, parts.map(([part, size]) => h('div', {},
        h('dt', {}, h('span', { class: `swatch ${part}` }), part),
        h('dd', {}, bytes(size), ' ', h('span', { class: 'percent' }, percent(size)),
          explained[part] && h('span', { class: 'aside' }, ' ', explained[part]))
      )))),
      h('details', { class: 'types' }, h('summary', {}, 'by V8’s types of nodes'), h('table', { 'aria-label': 'Types of nodes' },
        h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, 'Type'), h('th', { scope: 'col', class: 'right' }, 'Count'),
          h('th', { scope: 'col', class: 'right' }, 'Shallow size'))),
        h('tbody', {}, types.map(({ type, count, shallow }) => h('tr', {},
          h('td', {}, visible(type)), h('td', { class: 'right' }, number(count)), h('td', { class: 'right' }, bytes(shallow))))))))
  }

  function baseName (path) {
    return path.split(/[/\\]/).at(-1) || path
  }

  function open (id) {
    const section = byId(id)
    section.hidden = false
    const heading = section.querySelector('h2')
    heading.id = `${id}-heading`
    section.setAttribute('aria-labelledby', heading.id)
    byId('contents').append(h('a', { href: `#${id}` }, heading.textContent))
    return section
  }

  // ---- suspects

  function suspectCards () {
    const section = open('suspects')
    if (suspects.suspects.length === 0) {
      section.append(h('p', { class: 'lead' },
        `Nothing retains as much as ${percent(suspects.threshold, suspects.total)} of the heap (${bytesText(suspects.threshold)}): no suspects.`))
      return
    }
    section.append(h('p', { class: 'lead' },
      `What retains ${percent(suspects.threshold, suspects.total)} of the heap (${bytesText(suspects.threshold)}) or more.`))
    suspects.suspects.forEach((suspect, index) => {
      const { accumulation: point, path } = suspect
      const heading = `suspect-${index}`
      section.append(h('article', { class: 'card', 'aria-labelledby': heading },
        share(h('div', { class: 'weight' },
          h('strong', {}, percent(suspect.retained)), bytes(suspect.retained)), suspect.retained, total),
        h('h3', { id: heading }, visible(suspect.text, 1000)),
        h('div', { class: 'columns' },
          h('div', {},
            h('h4', {}, suspect.kind === 'class' ? 'Path from a root to the largest' : 'Path from a root'),
            chain(path)),
          h('div', {},
            h('h4', {}, 'It holds'),
            point.holds.length === 0
              ? h('p', { class: 'none' }, 'nothing but itself')
              : h('table', { class: 'holds', 'aria-label': 'It holds' }, h('tbody', {}, point.holds.map((held) => share(h('tr', {},
                h('td', { class: 'right' }, number(held.count)),
                h('th', { scope: 'row' }, name(held.name)),
                h('td', { class: 'right filled' }, bytes(held.retained))), held.retained, suspect.retained)))),
            places.has(point.id) && h('p', {}, h('button', { type: 'button', class: 'plain', onclick: () => icicle.show(point.id) },
              'Show in the tree'))))
      ))
    })
  }

  // ---- growth

  function growth () {
    if (!diff) return
    const section = open('growth')
    const { snapshots, ids } = diff
    const several = snapshots.length > 2
    section.append(h('p', { class: 'lead' }, snapshots.map((snapshot, at) => [
      at > 0 && ' → ',
      h('span', { class: 'snapshot', title: visible(snapshot.path, 2000) }, h('span', { class: 'name' }, visible(baseName(snapshot.path))), ' ',
        h('span', { title: exactly(snapshot.total) }, bytesText(snapshot.total)))
    ]).flat(), ': ', h('strong', { title: exactly(diff.sizeDelta, true) }, bytesText(diff.sizeDelta, true)), '.'))

    section.append(h('h3', {}, 'By path'))
    if (diff.paths.length === 0) section.append(h('p', { class: 'none' }, 'Nothing grew.'))
    const most = Math.max(...diff.paths.map(({ sizeDelta }) => sizeDelta))
    const item = (grown) => h('li', {},
      share(h('span', { class: 'by-size' }, bytes(grown.sizeDelta, true)), grown.sizeDelta, most),
      h('div', { class: 'what' },
        h('p', { class: 'headline' },
          grown.countDelta <= 0
            ? [grown.countDelta < 0 ? 'fewer, but larger: ' : 'larger: ', name(grown.name, 'name strong')]
            : [h('span', { class: 'number strong' }, signed(grown.countDelta)), ' ', name(grown.name, 'name strong')],
          grown.heldBy && [' held by ', name(grown.heldBy)],
          several && grown.grewEveryTime && h('span', { class: 'tag' }, 'every time')),
        h('details', {},
          h('summary', {}, h('span', { class: 'steps' }, `${grown.counts.map(number).join(' → ')} ${grown.counts.at(-1) === 1 ? 'object' : 'objects'}`), ' · ',
            h('span', { class: 'steps', title: grown.sizes.map((size) => exactly(size)).join(' → ') }, grown.sizes.map((size) => bytesText(size)).join(' → '))),
          chain(grown.path.map(parsedStep)))))
    const list = h('ol', { class: 'growths' }, diff.paths.slice(0, GROWTHS).map(item))
    section.append(list)
    if (diff.paths.length > GROWTHS) {
      const more = h('button', {
        type: 'button',
        class: 'plain more',
        onclick: () => {
          const rest = diff.paths.slice(GROWTHS).map(item)
          list.append(...rest)
          more.remove()
          rest[0].querySelector('summary').focus()
        }
      }, `Show all ${number(diff.paths.length)}`)
      section.append(more)
    }
    if (diff.pathCount > diff.paths.length) {
      section.append(h('p', { class: 'aside' }, `The ${number(diff.paths.length)} that grew most, of ${number(diff.pathCount)} lines that grew.`))
    }

    section.append(h('h3', {}, 'By constructor'))
    section.append(h('p', { class: 'lead' }, ids.correspond
      ? 'Ids of objects correspond between the snapshots, so what is new and what is gone is exact.'
      : 'Ids of objects do not correspond between these snapshots, so new and gone objects cannot be told apart from those that stayed.'))
    const widest = (key) => Math.max(...diff.constructors.map((row) => row[key]))
    const delta = (key) => {
      const most = widest(key)
      return (row) => share(quietIfZero(row[key], bytes(row[key], true)), row[key], most)
    }
    const columns = [
      { title: 'Constructor', text: true, value: (row) => row.name, cell: (row) => [name(row.name), several && row.grewEveryTime && h('span', { class: 'tag' }, 'every time')] },
      { title: several ? 'Counts' : 'Count', width: several ? 14 : 11, value: (row) => row.counts.at(-1), cell: (row) => h('span', { class: 'number steps' }, row.counts.map(number).join(' → ')) },
      ids.correspond && { title: 'New', width: 6, value: (row) => row.added, cell: (row) => quietIfZero(row.added, number(row.added)) },
      ids.correspond && { title: 'Gone', width: 6, value: (row) => row.removed, cell: (row) => quietIfZero(row.removed, number(row.removed)) },
      { title: 'Count Δ', width: 6, wide: true, value: (row) => row.countDelta, cell: (row) => quietIfZero(row.countDelta, signed(row.countDelta)) },
      { title: 'Shallow Δ', width: 7, value: (row) => row.shallowDelta, cell: delta('shallowDelta') },
      { title: 'Retained Δ', width: 7, filled: true, value: (row) => row.retainedDelta, cell: delta('retainedDelta') }
    ].filter(Boolean)
    section.append(...table({
      id: 'growth-constructors',
      noun: 'constructor',
      label: 'Growth by constructor',
      rows: diff.constructors,
      of: diff.constructorCount,
      columns,
      text: (row) => row.name
    }))
  }

  // ---- tables

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
    const texts = new Map(rows.map((row) => [row, text(row).toLowerCase()]))

    function sortBy (column) {
      const first = !columns[column].text
      order = { column, descending: order?.column === column ? !order.descending : first }
      draw()
    }

    function matching () {
      const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean)
      const found = rows.filter((row) => words.every((word) => texts.get(row).includes(word)))
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

  const { compare } = new Intl.Collator('en', { numeric: true })

  function sizeColumn (title, key, width, filled) {
    return {
      title,
      width,
      filled,
      value: (row) => row[key],
      cell: (row) => share(h('span', { class: 'sized' }, bytes(row[key]), ' ', h('span', { class: 'percent' }, percent(row[key]))), row[key], total)
    }
  }

  const distance = { title: 'Distance', width: 6, value: (row) => row.distance, cell: (row) => row.distance ?? '–' }

  function constructors () {
    open('constructors').append(...table({
      id: 'classes',
      noun: 'constructor',
      label: 'Constructors',
      rows: summary.classes,
      of: summary.classCount,
      sorted: 4,
      text: (row) => `${row.name} ${row.location ?? ''}`,
      columns: [
        {
          title: 'Constructor',
          text: true,
          value: (row) => row.name,
          cell: (row) => [name(row.name), row.location && h('span', { class: 'at', title: 'script:line:column' }, ` ${visible(row.location)}`)]
        },
        distance,
        { title: 'Count', width: 7, value: (row) => row.count, cell: (row) => number(row.count) },
        sizeColumn('Shallow size', 'shallow', 11),
        sizeColumn('Retained size', 'retained', 11, true)
      ]
    }))
  }

  function largest () {
    if (summary.largest.length === 0) return
    const held = ({ path }) => path.length > 1 ? `${path.at(-2).name}${path.at(-1).by}` : ''
    open('largest').append(...table({
      id: 'objects',
      noun: 'object',
      label: 'Largest objects',
      rows: summary.largest,
      sorted: 4,
      text: (row) => `${row.name} @${row.id} ${held(row)}`,
      detail: (row) => chain(row.path),
      columns: [
        { title: 'Object', text: true, value: (row) => row.name, cell: (row) => h('span', { class: 'labelled' }, name(row.name), ' ', reference(row.id)) },
        {
          title: 'Held by',
          text: true,
          value: held,
          cell: (row, reveal) => row.path.length > 1
            ? h('button', {
              type: 'button',
              class: 'reveal',
              'aria-expanded': 'false',
              title: visible(held(row), 2000),
              onclick: ({ currentTarget }) => reveal(currentTarget, row)
            }, name(held(row)))
            : h('span', { class: 'none' }, 'a root')
        },
        distance,
        { title: 'Shallow size', width: 8, value: (row) => row.shallow, cell: (row) => bytes(row.shallow) },
        sizeColumn('Retained size', 'retained', 11, true)
      ]
    }))
  }

  function strings () {
    const { wasted, duplicated, top } = summary.strings
    const section = open('strings')
    section.append(h('p', { class: 'lead' }, duplicated === 0
      ? 'No two strings have the same content.'
      : [`${plural(duplicated, 'content')} ${duplicated === 1 ? 'is' : 'are'} there more than once; each of them once would save `,
          h('strong', { title: exactly(wasted) }, bytesText(wasted)), `, ${percent(wasted)} of the heap.`]))
    if (top.length === 0) return
    section.append(...table({
      id: 'duplicates',
      noun: 'string',
      label: 'Duplicated strings',
      rows: top,
      of: duplicated,
      sorted: 2,
      text: (row) => row.text,
      columns: [
        { title: 'Content', text: true, value: (row) => row.text, cell: (row) => h('span', { class: 'name', title: quoted(row.text) }, quoted(row.text)) },
        { title: 'Count', width: 7, value: (row) => row.count, cell: (row) => number(row.count) },
        { ...sizeColumn('Wasted', 'wasted', 11, true), cell: (row) => share(bytes(row.wasted), row.wasted, wasted) }
      ]
    }))
  }

  // ---- the dominator tree

  /** The nodes of the picture, by id. */
  const places = new Map()

  /** V8's id; a button where the picture has the object. */
  function reference (id) {
    if (!places.has(id)) return h('span', { class: 'id' }, `@${id}`)
    return h('button', { type: 'button', class: 'id', title: 'Show in the tree', onclick: () => icicle.show(id) }, `@${id}`)
  }

  const KINDS = {
    object: 'objects', list: 'arrays, maps, buffers', function: 'functions', string: 'strings', engine: 'V8’s and Node’s own', rest: 'smaller ones'
  }

  function kindOf ({ id, name }) {
    if (id === null) return 'rest'
    if (name.endsWith('()') || name === '(anonymous function)' || name === 'Function') return 'function'
    if (/^\((\w+ )?string\)$/.test(name)) return 'string'
    if (/^(system|Node) \/ |^\(/.test(name)) return 'engine'
    if (/^(Array|Map|Set|Weak(Map|Set)|(Shared)?ArrayBuffer|DataView|Buffer|\w+\d+Array)$/.test(name)) return 'list'
    return 'object'
  }

  /** Lays the tree out: of each node, where it begins and ends as parts of the whole. */
  function laidOut () {
    const nodes = []
    const lay = (data, parent, at, start, scale) => {
      const node = { data, parent, at, depth: parent ? parent.depth + 1 : 0, start, end: start + data.retained * scale, children: [], index: nodes.length }
      nodes.push(node)
      if (data.id !== null && !places.has(data.id)) places.set(data.id, node)
      let next = start
      const children = (data.children ?? []).filter((child) => child.retained > 0)
      // Children are never more than their parent, but the file may be anybody's.
      const sum = children.reduce((sum, child) => sum + child.retained, 0)
      const part = sum > data.retained ? (node.end - start) / sum : scale
      for (const child of children) {
        node.children.push(lay(child, node, node.children.length, next, part))
        next = node.children.at(-1).end
      }
      return node
    }
    lay(tree, undefined, 0, 0, tree.retained > 0 ? 1 / tree.retained : 0)
    return nodes
  }

  const nodes = laidOut()

  const icicle = (function () {
    const ROW = 22
    const LEAST_ROWS = 8
    const MOST_ROWS = 18
    const box = byId('icicle')
    const root = nodes[0]
    const context = document.createElement('canvas').getContext('2d')
    const picture = s('svg', { role: 'tree', 'aria-label': 'Dominator tree' })
    // On top of all bars: those next to the one that has the focus would cover a line around it.
    const ring = s('rect', { class: 'ring', 'aria-hidden': 'true' })
    let zoom = root
    let current = root
    let width = 0
    let rows = LEAST_ROWS
    let drawn = new Map()

    function titleOf (node) {
      return node === root ? 'Heap' : visible(node.data.name, 120) || '(no name)'
    }

    function described (node) {
      const { id, retained, shallow, count } = node.data
      return [
        titleOf(node), node !== root && id !== null && `@${id}`, `retains ${bytesText(retained)}`, `${percent(retained)} of the heap`,
        count === 1 && `shallow ${bytesText(shallow)}`
      ].filter(Boolean).join(', ')
    }

    function detail (node) {
      const { id, retained, shallow, count } = node.data
      byId('detail').replaceChildren(
        h('span', { class: `swatch ${kindOf(node.data)}` }),
        h('span', { class: 'name strong', title: visible(node.data.name, 2000) }, titleOf(node)), ' ',
        node !== root && id !== null ? h('span', { class: 'id' }, `@${id}`) : '',
        h('span', { class: 'fact' }, h('span', {}, 'retained'), ' ', bytes(retained)),
        h('span', { class: 'fact' }, h('span', {}, 'of the heap'), ' ', percent(retained)),
        h('span', { class: 'fact' }, h('span', {}, 'shallow'), ' ', bytes(shallow)),
        count !== 1 ? h('span', { class: 'fact' }, h('span', {}, 'objects'), ' ', number(count)) : ''
      )
    }

    /** As much of the text as fits. */
    function fitted (text, room) {
      if (context.measureText(text).width <= room) return text
      let [low, high] = [0, text.length]
      while (low < high) {
        const middle = Math.ceil((low + high) / 2)
        if (context.measureText(text.slice(0, middle) + '…').width <= room) low = middle
        else high = middle - 1
      }
      return low > 1 ? text.slice(0, low) + '…' : ''
    }

    function draw () {
      const focused = picture.contains(document.activeElement)
      const scale = width / ((zoom.end - zoom.start) || 1)
      const shown = []
      let deepest = 0
      const visit = (node) => {
        const x = (node.start - zoom.start) * scale
        const room = (node.end - node.start) * scale
        // It would be too narrow to see; the bar above it still shows how much there is.
        if (room < 0.7 && node !== zoom) return
        shown.push([node, x, room])
        deepest = Math.max(deepest, node.depth - zoom.depth)
        node.children.forEach(visit)
      }
      visit(zoom)
      if (!shown.some(([node]) => node === current)) current = zoom
      const height = (deepest + 1) * ROW
      // It grows but never shrinks, so that what is below it does not move.
      rows = Math.min(Math.max(rows, deepest + 1), MOST_ROWS)
      box.style.height = `${rows * ROW}px`
      picture.setAttribute('viewBox', `0 0 ${width} ${height}`)
      picture.setAttribute('width', width)
      picture.setAttribute('height', height)
      context.font = `12px ${getComputedStyle(picture).fontFamily}`
      drawn = new Map()
      picture.replaceChildren(...shown.map(([node, x, room]) => {
        const group = s('g', {
          role: 'treeitem',
          class: kindOf(node.data),
          'data-node': node.index,
          tabindex: node === current ? 0 : -1,
          'aria-level': node.depth + 1,
          'aria-posinset': node.at + 1,
          'aria-setsize': node.parent?.children.length ?? 1,
          'aria-label': described(node)
        })
        if (node.children.length > 0) group.setAttribute('aria-expanded', 'true')
        const y = (node.depth - zoom.depth) * ROW
        // A gap of one pixel, where there is room for one.
        group.append(s('rect', { x, y, width: room > 3 ? room - 1 : Math.max(room, 0.7), height: ROW - 1 }))
        if (room > 28) {
          const label = s('text', { x: x + 5, y: y + 15 })
          const size = bytesText(node.data.retained)
          const fit = fitted(titleOf(node), room - 10)
          label.append(fit)
          if (fit === titleOf(node) && context.measureText(`${fit}  ${size}`).width <= room - 10) {
            const quiet = s('tspan', { class: 'quiet', dx: 8 })
            quiet.append(size)
            label.append(quiet)
          }
          group.append(label)
        }
        drawn.set(node, group)
        return group
      }), ring)
      crumbs()
      detail(current)
      if (focused) drawn.get(current).focus()
    }

    function crumbs () {
      const way = []
      for (let node = zoom; node; node = node.parent) way.unshift(node)
      // The middle of a long way is left out.
      const short = way.length > 8 ? [...way.slice(0, 2), undefined, ...way.slice(-5)] : way
      byId('crumbs').replaceChildren(...short.map((node) => {
        if (!node) return h('li', { class: 'gap' }, `… ${way.length - 7} …`)
        if (node === zoom) return h('li', {}, h('span', { 'aria-current': 'true', class: 'name' }, visible(titleOf(node), 48)))
        return h('li', {}, h('button', { type: 'button', class: 'plain', onclick: () => zoomTo(node, node) }, visible(titleOf(node), 32)))
      }))
    }

    function zoomTo (node, then) {
      zoom = node
      current = then
      // The crumb that asked for it is gone after this.
      const asked = byId('crumbs').contains(document.activeElement)
      draw()
      if (asked) drawn.get(current).focus({ preventScroll: true })
      byId('zoomed').textContent = `Zoomed to ${described(zoom)}`
    }

    function zoomIn (node) {
      if (node === zoom) return
      // A node that has nothing below it is shown among its neighbours.
      zoomTo(node.children.length > 0 ? node : node.parent, node)
    }

    function zoomOut () {
      if (zoom.parent) zoomTo(zoom.parent, zoom)
    }

    function move (node) {
      if (!node) return
      drawn.get(current)?.setAttribute('tabindex', '-1')
      current = node
      const group = drawn.get(node)
      group.setAttribute('tabindex', '0')
      group.focus()
    }

    /** The nodes at the depth of the current one, from left to right. */
    function beside (step) {
      const level = [...drawn.keys()].filter((node) => node.depth === current.depth)
      const at = level.indexOf(current)
      return step === 'first' ? level[0] : step === 'last' ? level.at(-1) : level[at + step]
    }

    const keys = {
      ArrowDown: () => move(current.children.find((child) => drawn.has(child))),
      ArrowUp: () => move(drawn.has(current.parent) ? current.parent : undefined),
      ArrowLeft: () => move(beside(-1)),
      ArrowRight: () => move(beside(1)),
      Home: () => move(beside('first')),
      End: () => move(beside('last')),
      Enter: () => zoomIn(current),
      ' ': () => zoomIn(current),
      Escape: zoomOut,
      Backspace: zoomOut
    }

    function nodeOf (event) {
      const group = event.target.closest('[data-node]')
      return group ? nodes[Number(group.dataset.node)] : undefined
    }

    picture.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !Object.hasOwn(keys, event.key)) return
      event.preventDefault()
      keys[event.key]()
    })
    picture.addEventListener('click', (event) => {
      const node = nodeOf(event)
      if (!node) return
      move(node)
      if (node === zoom) zoomOut()
      else zoomIn(node)
    })
    picture.addEventListener('focusin', (event) => {
      const node = nodeOf(event)
      if (!node) return
      detail(node)
      const { x, y, width, height } = drawn.get(node).firstChild.getBBox()
      const around = { x: x + 1, y: y + 1, width: Math.max(1, width - 2), height: height - 2 }
      for (const [name, value] of Object.entries(around)) ring.setAttribute(name, value)
    })
    picture.addEventListener('pointerover', (event) => detail(nodeOf(event) ?? current))
    picture.addEventListener('pointerleave', () => detail(current))

    function start () {
      open('tree')
      byId('key').append(...Object.entries(KINDS).map(([kind, text]) => h('li', {}, h('span', { class: `swatch ${kind}` }), text)))
      // Where there may be a scroll bar, its place is kept: the width says what is drawn, and so how high it is.
      if (nodes.some((node) => node.depth >= MOST_ROWS)) box.style.scrollbarGutter = 'stable'
      box.append(picture)
      new ResizeObserver(() => {
        if (box.clientWidth === width) return
        width = box.clientWidth
        draw()
      }).observe(box)
      width = box.clientWidth
      draw()
    }

    function show (id) {
      const node = places.get(id)
      zoomTo(node.children.length > 0 ? node : node.parent ?? node, node)
      byId('tree').scrollIntoView()
      drawn.get(current).focus({ preventScroll: true })
    }

    return { start, show }
  })()

  masthead()
  suspectCards()
  growth()
  icicle.start()
  constructors()
  largest()
  strings()
  document.documentElement.dataset.ready = ''
})()
