/* eslint-env browser */

'use strict'

// The page of `heapkit report`, in a browser: `node --test __test__/browser/*.test.js`. `node scripts/browser.js` finds one.

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { renderReport } = require('../../lib/report')
const { HOSTILE, makeReport, makeDiff } = require('./fixture')
const { pages, focused, faint, tooWide } = require('./pages')

const TITLE = 'after.heapsnapshot <b>&"'

const onOpened = pages()

function render (parts = {}) {
  return renderReport({ title: TITLE, generatedAt: '2026-11-21T09:30:00.000Z', version: '0.1.0', report: makeReport(), diff: makeDiff(), ...parts })
}

function onPage (title, parts, run) {
  onOpened(title, () => render(parts), run)
}

/** The first cells of a table's lines. */
function firstCells (id) {
  return [...document.querySelectorAll(`#${id} tbody th`)].map((cell) => cell.querySelector('.name').textContent)
}

function crumbs () {
  return [...document.querySelectorAll('#tree .crumbs li')].map((item) => item.textContent).join(' › ')
}

test('the document has one data block in which no tag can begin, and a policy that allows nothing from outside', () => {
  const html = render()
  const [, data] = /<script type="application\/json" id="data">([^<]*)<\/script>\n/.exec(html)
  assert.equal(JSON.parse(data).report.summary.classes.some(({ name }) => name === HOSTILE[0]), true)
  assert.equal(html.match(/<script\b/g).length, 2)
  assert.match(html, /default-src 'none'; style-src 'sha256-[\w+/=]+'; script-src 'sha256-[\w+/=]+'/)
  assert.doesNotMatch(html, /\b(src|href)="?https?:/)
  assert.match(html, /<title>after\.heapsnapshot &#60;b&#62;&#38;&#34; · heapkit<\/title>/)
  assert.ok(html.includes('"diff":{'))
  assert.ok(render({ diff: undefined }).includes('"diff":null'))
})

onPage('what the heap is, and what is suspicious in it', {}, async (page) => {
  assert.equal(await page.evaluate(() => document.querySelector('h1').textContent), TITLE)
  const totals = await page.evaluate(() => document.querySelector('#totals').innerText.replace(/\s+/g, ' '))
  assert.match(totals, /total 96\.0 MiB \+61\.0 MiB since before\.heapsnapshot/)
  for (const part of ['native 3.0 MiB 3.1 %', 'strings 24.0 MiB 25.0 %', 'code 6.0 MiB', 'arrays 19.0 MiB', 'system 2.0 MiB', 'other 42.0 MiB']) {
    assert.ok(totals.includes(part), `${part}: ${totals}`)
  }
  assert.equal(await page.evaluate(() => document.querySelector('#totals dd .bytes').title), '3,145,728 bytes')

  const cards = await page.evaluate(() => [...document.querySelectorAll('#suspects article')].map((card) => ({
    text: card.querySelector('h3').textContent,
    path: [...card.querySelectorAll('.chain li')].map((step) => step.innerText.replace(/\s+/g, ' ').trim())
  })))
  assert.match(cards[0].text, /48,000 Session held by MemoryStore\.sessions/)
  assert.equal(cards[0].path[0], 'global @6051')
  assert.equal(cards[0].path.at(-1), '.sessions Object @66301')
  assert.deepEqual(cards[1].path.slice(0, 3), ['Queue @4700', '… 21,990 more .next Node', '… 17 more …'])
  assert.equal(await page.evaluate(() => document.querySelectorAll('.note').length), 0)
})

onPage('growth by path comes first, then constructors', {}, async (page) => {
  const first = await page.evaluate(() => document.querySelector('.growths li').innerText.replace(/\s+/g, ' '))
  assert.match(first, /\+57\.8 MiB \+48,000 Session held by MemoryStore\.sessions .*120 → 48,120 objects · 160\.0 KiB → 58\.0 MiB/)
  assert.match(await page.evaluate(() => document.querySelectorAll('.growths > li')[2].innerText), /^\+68\.0 KiB\s+larger: Array held by Queue\.items/)
  assert.match(await page.evaluate(() => document.querySelectorAll('.growths > li')[3].innerText), /^\+67\.0 KiB\s+fewer, but larger: Job held by Queue\.running/)
  assert.equal(await page.evaluate(() => document.querySelectorAll('.growths > li').length), 8)
  await page.evaluate(() => document.querySelector('#growth > .more').click())
  await page.until(() => document.querySelectorAll('.growths > li').length === 24)
  const chain = await page.evaluate(() => {
    document.querySelector('.growths summary').click()
    return [...document.querySelectorAll('.growths li:first-child .chain li')].map((step) => [...step.children].map((part) => part.textContent))
  })
  assert.deepEqual(chain.slice(-2), [['.sessions', 'Object'], ['[…]', 'Session']])
  assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('#growth-constructors thead button')].map((head) => head.textContent)),
    ['Constructor', 'Count', 'New', 'Gone', 'Count Δ', 'Shallow Δ', 'Retained Δ'])
})

onPage('without a base there is no growth, and new and gone only where ids correspond', { diff: undefined }, async (page) => {
  assert.equal(await page.evaluate(() => document.querySelector('#growth').hidden), true)
  assert.doesNotMatch(await page.evaluate(() => document.querySelector('#contents').textContent), /Growth/)
})

onPage('ids that do not correspond', { diff: makeDiff({ correspond: false, incomplete: 'it ends too early' }) }, async (page) => {
  assert.doesNotMatch(await page.evaluate(() => document.querySelector('#growth-constructors thead').textContent), /New|Gone/)
  assert.match(await page.evaluate(() => document.querySelector('#growth').textContent), /do not correspond/)
  assert.match(await page.evaluate(() => document.querySelector('.note').textContent), /compared with is incomplete.*before\.heapsnapshot, it ends too early/)
})

onPage('a file that breaks off is noted at the top', { report: makeReport({ incomplete: `unexpected end ${HOSTILE[0]} (byte 123)` }) }, async (page) => {
  const note = await page.evaluate(() => {
    const note = document.querySelector('.note')
    return { text: note.textContent, top: note.getBoundingClientRect().bottom, suspects: document.querySelector('#suspects').getBoundingClientRect().top }
  })
  assert.match(note.text, /incomplete.*unexpected end <\/script>.*\(byte 123\)/)
  assert.ok(note.top < note.suspects)
})

onPage('names from the heap are text and nothing else', {}, async (page) => {
  // Everything that can be brought to the page is.
  await page.evaluate(() => {
    for (const more of document.querySelectorAll('button.more')) more.click()
    for (const button of document.querySelectorAll('.reveal')) button.click()
    for (const details of document.querySelectorAll('details')) details.open = true
  })
  const found = await page.evaluate((hostile) => ({
    pwned: window.pwned,
    elements: document.querySelectorAll('img, iframe, object, embed, link, svg[onload], [onerror]').length,
    scripts: document.scripts.length,
    listed: hostile.filter((name) => [...document.querySelectorAll('#classes .name')].some((cell) => cell.textContent === name)),
    polluted: Object.prototype.pwned
  }), HOSTILE)
  assert.deepEqual(found, { elements: 0, scripts: 2, listed: HOSTILE.filter((_, at) => at !== 4) })
  // What turns text around or cannot be seen is shown as its code.
  const shown = await page.evaluate(() => [...document.querySelectorAll('#classes .name')].find((cell) => cell.textContent.includes('gnirts')).textContent)
  assert.equal(shown, '\\u{202e}gnirts \\u{0}\\u{2028}\\u{2029}\\u{d800}')
  assert.deepEqual(page.complaints.splice(0), [])
  // Even a mistake in the script could not make HTML of a text, nor reach the network.
  assert.equal(await page.evaluate(() => {
    try {
      document.createElement('p').innerHTML = '<b>'
    } catch (error) {
      return error.name
    }
  }), 'TypeError')
  assert.match(page.complaints.splice(0).join(), /TrustedHTML/)
})

onPage('the table of constructors sorts by every column, and filters', {}, async (page) => {
  assert.equal((await page.evaluate(firstCells, 'classes')).length, 25)
  const sorts = () => page.evaluate(() => [...document.querySelectorAll('#classes thead th')].map((head) => head.getAttribute('aria-sort')))
  assert.deepEqual(await sorts(), [null, null, null, null, 'descending'])
  const heads = await page.evaluate(() => document.querySelectorAll('#classes thead button').length)
  const { classes } = makeReport().summary
  const keys = ['name', 'distance', 'count', 'shallow', 'retained']
  assert.equal(heads, keys.length)
  for (const [at, key] of keys.entries()) {
    if (key === 'name') continue
    // From the keyboard; the first time from the most on, then from the least on.
    await page.evaluate((at) => document.querySelectorAll('#classes thead button')[at].focus(), at)
    for (const direction of ['descending', 'ascending']) {
      await page.press('Enter')
      assert.equal((await sorts())[at], direction)
      const sign = direction === 'descending' ? -1 : 1
      const expected = classes.filter((row) => row[key] !== null).map((row) => row[key]).sort((a, b) => sign * (a - b)).slice(0, 25)
      const names = await page.evaluate(firstCells, 'classes')
      const byName = new Map(classes.map((row) => [row.name, row[key]]))
      assert.deepEqual(names.map((name) => byName.get(name) ?? expected[names.indexOf(name)]), expected, `${key} ${direction}`)
    }
  }
  await page.evaluate(() => document.querySelector('#classes thead button').focus())
  await page.press('Enter')
  assert.deepEqual((await sorts())[0], 'ascending')
  assert.ok((await page.evaluate(firstCells, 'classes')).includes('</script><script>window.pwned = "script"</script>'))

  await page.evaluate(() => document.querySelector('#classes-filter').focus())
  await page.type('MODEL9')
  const status = () => page.evaluate(() => document.querySelector('#constructors .status').textContent)
  assert.equal(await status(), '110 constructors of 1,000')
  assert.ok((await page.evaluate(firstCells, 'classes')).every((name) => name.startsWith('Model9')))
  await page.evaluate(() => document.querySelector('#constructors .more').click())
  assert.equal((await page.evaluate(firstCells, 'classes')).length, 110)
  await page.evaluate(() => document.querySelector('#classes-filter').focus())
  await page.type(' no such')
  assert.equal(await status(), '0 constructors of 1,000')
  assert.match(await page.evaluate(() => document.querySelector('#classes tbody').textContent), /Nothing matches/)
})

onPage('the tree is walked and zoomed from the keyboard, and the breadcrumb says where one is', {}, async (page) => {
  assert.equal(await page.evaluate(crumbs), 'Heap')
  const widthOf = (name) => page.evaluate((name) => document.querySelector(`#tree [role=treeitem][aria-label^="${name}"] rect`).getBoundingClientRect().width, name)
  const before = await widthOf('MemoryStore')
  await page.evaluate(() => document.querySelector('#tree [role=treeitem][tabindex="0"]').focus())
  await page.press('ArrowDown', 'ArrowDown')
  assert.match(await page.evaluate(focused), /^MemoryStore, @66265, retains 64\.0 MiB, 66\.7 % of the heap, shallow 56 B$/)
  assert.match(await page.evaluate(() => document.querySelector('#tree .detail').innerText.replace(/\s+/g, ' ')), /MemoryStore @66265 retained 64\.0 MiB of the heap 66\.7 % shallow 56 B/)
  await page.press('ArrowRight')
  assert.match(await page.evaluate(focused), /^Module/)
  await page.press('ArrowLeft', 'Enter')
  assert.equal(await page.evaluate(crumbs), 'Heap › global › MemoryStore')
  assert.match(await page.evaluate(focused), /^MemoryStore/)
  assert.ok(await widthOf('MemoryStore') > before * 1.3)
  assert.match(await page.evaluate(() => document.querySelector('#tree [role=status]').textContent), /^Zoomed to MemoryStore/)
  await page.press('ArrowDown', 'ArrowDown', 'Enter')
  assert.equal(await page.evaluate(crumbs), 'Heap › global › MemoryStore › Object › Session')
  await page.press('Escape')
  assert.equal(await page.evaluate(crumbs), 'Heap › global › MemoryStore › Object')
  assert.match(await page.evaluate(focused), /^Session/)
  await page.press('Backspace', 'Escape', 'Escape', 'Escape')
  assert.equal(await page.evaluate(crumbs), 'Heap')
  // Exactly one of them is reached with Tab.
  assert.equal(await page.evaluate(() => document.querySelectorAll('#tree [role=treeitem][tabindex="0"]').length), 1)
})

onPage('what grew is a tree of its own', {}, async (page) => {
  await page.evaluate(() => document.querySelector('#growth-tree [role=treeitem][tabindex="0"]').focus())
  await page.press('ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown')
  assert.equal(await page.evaluate(focused), '+48,000 […] Session, +56.0 MiB, 91.8 % of the growth')
  assert.match(await page.evaluate(() => document.querySelector('#growth-tree .detail').innerText.replace(/\s+/g, ' ')),
    /Session grew by \+56\.0 MiB of the growth 91\.8 % retained 1\.0 MiB → 57\.0 MiB objects 120 → 48,120/)
  const shown = await page.evaluate(() => [...document.querySelectorAll('#growth-tree [role=treeitem]')].map((item) => item.getAttribute('aria-label')))
  assert.ok(shown.some((label) => label.startsWith('smaller, +100.0 KiB')), shown.join())
  assert.equal(await page.evaluate(crumbs), 'Heap')
})

onPage('the picture is as high as what is drawn', {}, async (page) => {
  const heights = () => page.evaluate(() => ['.icicle', '.icicle svg'].map((part) => document.querySelector(`#tree ${part}`).getBoundingClientRect().height))
  const [first, whole] = await heights()
  assert.ok(first < whole, 'it scrolls')
  await page.evaluate(() => document.querySelector('#suspects .card .plain').click())
  const [zoomed, drawn] = await heights()
  assert.ok(zoomed < first && zoomed === drawn, `${first} → ${zoomed}, ${drawn} drawn`)
})

onPage('the tree is zoomed by click, by its breadcrumb and from the findings', {}, async (page) => {
  const click = async (prefix) => {
    const { x, y } = await page.evaluate((prefix) => {
      const bar = document.querySelector(`#tree [role=treeitem][aria-label^="${prefix}"] rect`)
      bar.scrollIntoView({ block: 'center' })
      const { left, top } = bar.getBoundingClientRect()
      return { x: left + 8, y: top + 8 }
    }, prefix)
    await page.click(x, y)
  }
  await click('MemoryStore')
  await page.until(() => document.querySelectorAll('#tree .crumbs li').length === 3)
  assert.equal(await page.evaluate(crumbs), 'Heap › global › MemoryStore')
  await click('MemoryStore')
  await page.until(() => document.querySelectorAll('#tree .crumbs li').length === 2)
  await page.evaluate(() => document.querySelector('#tree .crumbs button').click())
  assert.equal(await page.evaluate(crumbs), 'Heap')
  await page.evaluate(() => document.querySelector('#suspects .card .plain').click())
  assert.equal(await page.evaluate(crumbs), 'Heap › global › MemoryStore › Object')
  assert.match(await page.evaluate(focused), /^Object, @66301/)
})

onPage('everything has a name, and what sorts and what expands says so', {}, async (page) => {
  const { nodes } = await page.send('Accessibility.getFullAXTree')
  const of = (role) => nodes.filter((node) => !node.ignored && node.role?.value === role)
  for (const role of ['button', 'link', 'searchbox', 'treeitem', 'table', 'navigation', 'tree']) {
    assert.ok(of(role).length > 0, role)
    for (const node of of(role)) assert.ok(node.name?.value.trim(), `a ${role} without a name`)
  }
  assert.deepEqual(of('tree').map((tree) => tree.name.value), ['What grew', 'Dominator tree'])
  assert.ok(of('treeitem').length > 500)
  assert.equal(of('article').length, 2)
})

onPage('dark where dark is preferred, and readable in both', { report: makeReport({ incomplete: 'unexpected end' }) }, async (page) => {
  await page.media({ scheme: 'light' })
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await background()
  assert.deepEqual(await page.evaluate(faint), [])
  await page.media({ scheme: 'dark' })
  const dark = await background()
  assert.notEqual(dark, light)
  assert.deepEqual(await page.evaluate(faint), [])
  // Paper is light.
  await page.media({ scheme: 'dark', type: 'print' })
  assert.equal(await background(), light)
})

onPage('nothing is cut off at 800 pixels', {}, async (page) => {
  for (const width of [800, 1280, 800]) {
    await page.resize(width, 900)
    await page.until((width) => innerWidth === width && document.querySelector('#tree svg').getBoundingClientRect().width <= width - 40, width)
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('main *, header *')]
      .filter((element) => !element.closest('svg, .hidden-text') && element.getBoundingClientRect().right > innerWidth)
      .map((element) => element.outerHTML.slice(0, 80))), [])
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth))
  }
})

onPage('an empty heap', {
  diff: { ...makeDiff(), paths: [], pathCount: 0, constructors: [], constructorCount: 0 },
  report: {
    summary: {
      file: { nodes: 1, edges: 0, strings: 0 },
      totals: { total: 0, native: 0, typedArrays: 0, code: 0, strings: 0, arrays: 0, system: 0, other: 0 },
      types: [],
      classCount: 0,
      classes: [],
      largest: [],
      strings: { wasted: 0, duplicated: 0, top: [] }
    },
    suspects: { total: 0, threshold: 1, suspects: [] },
    tree: { name: '', id: 1, count: 1, shallow: 0, retained: 0 }
  }
}, async (page) => {
  assert.match(await page.evaluate(() => document.querySelector('#suspects').textContent), /no suspects/)
  assert.match(await page.evaluate(() => document.querySelector('#strings').textContent), /No two strings have the same content/)
})

onPage('on a telephone nothing is wider than the screen', {}, async (page) => {
  for (const width of [400, 360]) assert.deepEqual(await tooWide(page, width, '#tree svg'), [width])
})
