/* eslint-env browser */

'use strict'

// The page of a flame graph, in a browser.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { openProfile } = require('../..')
const { pages, focused, faint, tooWide } = require('./pages')
const { WELL_FORMED, shop, shopBefore, hostile, large, narrow, cpuProfile } = require('./profiles')

const onOpened = pages()
const ROW = 22

/** The page of a profile, and perhaps of an earlier one. */
async function render (text, base) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-flame-'))
  try {
    const open = async (name, text) => {
      fs.writeFileSync(path.join(dir, name), text)
      return await openProfile(path.join(dir, name))
    }
    const profile = await open('after.cpuprofile', text)
    return await profile.convert('flamegraph', base === undefined ? {} : { base: await open('before.cpuprofile', base) })
  } finally {
    fs.rmSync(dir, { recursive: true })
  }
}

function onPage (title, profiles, run) {
  onOpened(title, () => render(...profiles.map((make) => make())), run)
}

const crumbs = (page) => page.evaluate(() => [...document.querySelectorAll('#graph .crumbs li')].map((item) => item.textContent).join(' › '))
const found = (page) => page.evaluate(() => document.querySelector('#found').textContent)
/** What was painted last, and how often, at the second frame from now: whatever is painted is painted at the first. */
const sheet = (page) => page.evaluate(async () => {
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  return { ...document.querySelector('#graph .sheet').dataset }
})

/** Where a bar is: its row from the root on, and a share of the width. */
async function at (page, row, share, picture = '#graph') {
  return await page.evaluate(async (row, share, picture, height) => {
    document.querySelector(picture).scrollIntoView({ block: 'center' })
    // What is told of the scrolling is told at the next frame.
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
    const { left, top, bottom, width } = document.querySelector(`${picture} .sheet`).getBoundingClientRect()
    const isUp = picture === '#callers' || (picture === '#graph' && document.querySelector('.switch [aria-pressed=true]').textContent === 'Flame')
    return { x: left + share * width, y: isUp ? bottom - (row + 0.5) * height : top + (row + 0.5) * height }
  }, row, share, picture, ROW)
}

async function click (page, ...where) {
  const { x, y } = await at(page, ...where)
  await page.click(x, y)
}

/** What is shown beside the pointer there. */
async function tip (page, ...where) {
  await page.send('Input.dispatchMouseEvent', { type: 'mouseMoved', ...await at(page, ...where) })
  return await page.evaluate(() => document.querySelector('.tip').hidden ? '' : document.querySelector('.tip').innerText.replace(/\s+/g, ' '))
}

/** The colour of a bar, at its upper edge, where no text is: [red, green, blue]. */
async function colour (page, row, share) {
  const { x, y } = await at(page, row, share)
  return await page.evaluate((x, y) => {
    const canvas = document.querySelector('#graph canvas')
    const { left, top } = canvas.getBoundingClientRect()
    const copy = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
    copy.drawImage(canvas, x - left, y - top, 1, 1, 0, 0, 1, 1)
    return [...copy.getImageData(0, 0, 1, 1).data].slice(0, 3)
  }, x, y - ROW / 2 + 2)
}

async function choose (page, id, value) {
  await page.evaluate((id, value) => {
    const list = document.getElementById(id)
    list.value = value
    list.dispatchEvent(new Event('change'))
  }, id, value)
}

onPage('what the profile is, and the bars of its stacks', [shop], async (page) => {
  assert.equal(await page.evaluate(() => document.querySelector('h1').textContent), 'after.cpuprofile')
  assert.match(await page.evaluate(() => document.querySelector('#facts').innerText), /^cpu 1\.00 s\s+8 samples in 1\.50 s/)
  // The root, and what is in SHOP but for what is idle.
  assert.equal((await sheet(page)).bars, '13')
  assert.equal(await tip(page, 3, 0.4), 'baseClone cumulative 300 ms 30.0 % 300,000,000 ns flat 100 ms 10.0 % 100,000,000 ns /srv/shop/node_modules/lodash/lodash.js:2662 lodash')
  assert.equal(await tip(page, 1, 0.9), '(garbage collector) cumulative 150 ms 15.0 % 150,000,000 ns flat 150 ms 15.0 % 150,000,000 ns (V8 and native code)')
  const colours = []
  for (const where of [[1, 0.1], [3, 0.4], [3, 0.63], [1, 0.9]]) colours.push(String(await colour(page, ...where)))
  assert.equal(new Set(colours).size, 4, `own code, a package, Node.js and V8 are told apart: ${colours.join(' ')}`)
  const key = await page.evaluate(() => [...document.querySelectorAll('#graph .key li')].map((one) => one.textContent))
  assert.deepEqual(key, ['own code', 'dependencies', 'Node.js', 'V8 and native code', 'idle'])
})

onPage('it is zoomed by click and from the keyboard, and goes back', [shop], async (page) => {
  assert.equal(await crumbs(page), 'All')
  await click(page, 2, 0.1)
  assert.equal(await crumbs(page), 'All › main › serve')
  // It is as wide as the picture now.
  assert.match(await tip(page, 0, 0.98), /^serve cumulative 650 ms/)
  await click(page, 0, 0.5)
  assert.equal(await crumbs(page), 'All › main')
  await page.evaluate(() => document.querySelector('#graph .crumbs button').click())
  assert.equal(await crumbs(page), 'All')
  await page.evaluate(() => document.querySelector('#graph [role=treeitem]').focus())
  await page.press('ArrowUp', 'ArrowUp', 'ArrowRight')
  assert.equal(await page.evaluate(focused), 'report, cumulative 200 ms, 20.0 %, flat 50.0 ms, 5.0 %, place /srv/shop/report.js:21, of (own code)')
  assert.match(await page.evaluate(() => document.querySelector('#graph .detail').innerText.replace(/\s+/g, ' ')), /^report cumulative 200 ms 20\.0 % flat 50\.0 ms 5\.0 % place \/srv\/shop\/report\.js:21 of \(own code\) Callers and callees$/)
  await page.press('Enter')
  assert.equal(await crumbs(page), 'All › main › report')
  assert.match(await page.evaluate(() => document.querySelector('#graph [role=status]').textContent), /^Zoomed to report/)
  await page.press('Escape')
  assert.equal(await crumbs(page), 'All › main')
  await page.press('ArrowUp', 'Enter', '0')
  assert.equal(await crumbs(page), 'All')
  await click(page, 2, 0.1)
  await page.evaluate(() => document.querySelector('#reset').click())
  assert.equal(await crumbs(page), 'All')
})

onPage('flames grow upwards, and icicles down', [shop], async (page) => {
  const place = () => page.evaluate(() => {
    const { top, bottom } = document.querySelector('#graph .icicle').getBoundingClientRect()
    return [top, bottom]
  })
  const [, bottom] = await place()
  const hover = async (y) => {
    // What was scrolled to its root hides what is beside the pointer, at the next frame.
    await sheet(page)
    await page.send('Input.dispatchMouseEvent', { type: 'mouseMoved', x: 200, y })
    return await page.evaluate(() => document.querySelector('.tip').innerText.split('\n')[0])
  }
  assert.equal(await hover(bottom - 12), 'All')
  await page.evaluate(() => document.querySelectorAll('.switch button')[1].click())
  const [top] = await place()
  assert.equal(await hover(top + 10), 'All')
  await page.evaluate(() => document.querySelector('#graph [role=treeitem]').focus())
  await page.press('ArrowDown')
  assert.match(await page.evaluate(focused), /^main/)
})

onPage('a search says what matches, and how much that is', [shop], async (page) => {
  await page.press('/')
  assert.equal(await page.evaluate(() => document.activeElement.id), 'search')
  await page.type('LODASH')
  // What calls itself counts once.
  assert.equal(await found(page), '45.0 % match: 450 ms, 2 functions')
  const [plain, hit] = [await colour(page, 1, 0.1), await colour(page, 3, 0.4)]
  await page.evaluate(() => { document.querySelector('#search').value = '' })
  await page.type('/^(price|readSync) /')
  assert.equal(await found(page), '35.0 % match: 350 ms, 2 functions')
  await page.until(() => new Promise((resolve) => requestAnimationFrame(() => resolve(true))))
  assert.notDeepEqual(plain, hit)
  assert.deepEqual([await colour(page, 3, 0.1), await colour(page, 3, 0.4)], [hit, plain], 'what does not match is faint')
  await page.evaluate(() => { document.querySelector('#search').value = '' })
  await page.type('/(/')
  assert.deepEqual([await found(page), await page.evaluate(() => document.querySelector('#search').getAttribute('aria-invalid'))], ['no regular expression', 'true'])
  await page.evaluate(() => { document.querySelector('#search').value = '' })
  await page.type('no such thing')
  assert.equal(await found(page), '0.0 % match: 0 ms, 0 functions')
})

onPage('one function is shown with all its callers and callees', [shop], async (page) => {
  const names = await page.evaluate(() => [...document.querySelectorAll('#totals tbody .name')].map((name) => name.textContent))
  assert.deepEqual(names, ['price', '(garbage collector)', 'baseClone', 'arrayEach', 'report', 'readSync', 'serve', 'main'].sort((a, b) => names.indexOf(a) - names.indexOf(b)))
  await page.evaluate(() => [...document.querySelectorAll('#totals .chooser')].find((one) => one.textContent.includes('baseClone')).click())
  assert.equal(await page.evaluate(() => document.querySelector('#sandwich h2').textContent), 'baseClone')
  assert.equal(await page.evaluate(focused), 'baseClone', 'the keyboard is there')
  // From `serve` 300 ms, from `report` 150; nobody else. What it calls itself is inside.
  assert.match(await tip(page, 0, 0.5, '#callers'), /^baseClone cumulative 450 ms 45\.0 %/)
  assert.match(await tip(page, 1, 0.3, '#callers'), /^serve cumulative 300 ms 30\.0 %/)
  assert.match(await tip(page, 1, 0.9, '#callers'), /^report cumulative 150 ms 15\.0 %/)
  assert.match(await tip(page, 2, 0.9, '#callers'), /^main cumulative 150 ms 15\.0 %/)
  assert.match(await tip(page, 0, 0.5, '#callees'), /^baseClone cumulative 450 ms 45\.0 % 450,000,000 ns flat 100 ms/)
  assert.match(await tip(page, 1, 0.1, '#callees'), /^arrayEach cumulative 350 ms 35\.0 % 350,000,000 ns flat 150 ms/)
  // From the picture, too.
  await click(page, 2, 0.8)
  await page.evaluate(() => document.querySelector('#graph .detail button').click())
  assert.equal(await page.evaluate(() => document.querySelector('#sandwich h2').textContent), 'report')
})

onPage('bars are functions, files or packages, of each of the values', [shop], async (page) => {
  await choose(page, 'by', 'package')
  assert.equal(await page.evaluate(() => document.querySelector('#functions h2').textContent), 'Packages')
  assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('#totals tbody tr')].map((row) => row.innerText.replace(/\s+/g, ' '))), [
    'lodash 450 ms 45.0 % 450 ms 45.0 %', '(own code) 350 ms 35.0 % 850 ms 85.0 %', '(V8 and native code) 150 ms 15.0 % 150 ms 15.0 %', '(Node.js) 50.0 ms 5.0 % 50.0 ms 5.0 %'
  ])
  // Own code that calls own code is one bar.
  assert.equal((await sheet(page)).bars, '5')
  await choose(page, 'value', '2')
  assert.match(await page.evaluate(() => document.querySelector('#facts').innerText), /^wall 1\.50 s/)
  assert.match(await page.evaluate(() => document.querySelector('#totals tbody').innerText), /^\(idle\)\s+500 ms/)
  await choose(page, 'by', 'file')
  assert.match(await page.evaluate(() => document.querySelector('#totals tbody').innerText), /lodash\.js/)
})

onPage('everything has a name and is reached from the keyboard', [shop], async (page) => {
  await page.evaluate(() => document.querySelector('#totals .chooser').click())
  const { nodes } = await page.send('Accessibility.getFullAXTree')
  const of = (role) => nodes.filter((node) => !node.ignored && node.role?.value === role)
  for (const role of ['button', 'searchbox', 'combobox', 'treeitem', 'table', 'navigation', 'tree', 'group']) {
    assert.ok(of(role).length > 0, role)
    for (const node of of(role)) assert.ok(node.name?.value.trim(), `a ${role} without a name`)
  }
  assert.deepEqual(of('tree').map((tree) => tree.name.value), ['Flame graph', 'Callers', 'Callees'])
  const reached = new Set()
  await page.evaluate(() => document.body.focus())
  for (let step = 0; step < 30; step++) {
    await page.press('Tab')
    reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.getAttribute('role') || document.activeElement.className || document.activeElement.tagName))
  }
  for (const one of ['value', 'by', 'search', 'reset', 'treeitem', 'chooser']) assert.ok(reached.has(one), `${one}: ${[...reached].join()}`)
})

/** Bars whose text is hard to read: below AA, with the colours that the page has now. */
function faintBars () {
  const style = getComputedStyle(document.documentElement)
  const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true })
  const rgb = (colour) => {
    context.fillStyle = colour
    context.fillRect(0, 0, 1, 1)
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3)
  }
  const of = (name) => rgb(style.getPropertyValue(`--${name}`).trim())
  const light = (colour) => colour.map((value) => value / 255).map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0)
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05)
  const bars = ['own', 'dependency', 'node', 'engine', 'idle', 'smaller', 'all', 'found', 'same', 'grew', 'shrank']
  return [...bars.map((bar) => [bar, of(`bar-${bar}`), of('text')]), ['faint', of('bar-faint'), of('quiet')]]
    .filter(([, bar, text]) => ratio(bar, text) < 4.5).map(([name, bar, text]) => `${name} ${ratio(bar, text).toFixed(2)}`)
}

onPage('dark where dark is preferred, and readable in both', [shop], async (page) => {
  const colours = []
  for (const scheme of ['light', 'dark']) {
    await page.media({ scheme })
    await page.until((scheme) => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve(matchMedia(`(prefers-color-scheme: ${scheme})`).matches)))), scheme)
    assert.deepEqual([await page.evaluate(faint), await page.evaluate(faintBars)], [[], []], scheme)
    colours.push([await page.evaluate(() => getComputedStyle(document.body).backgroundColor), String(await colour(page, 1, 0.1))])
  }
  assert.notEqual(colours[0][0], colours[1][0])
  assert.notEqual(colours[0][1], colours[1][1], 'bars, too')
})

onPage('with an earlier profile what grew is red, and what shrank is blue', [shop, shopBefore], async (page) => {
  assert.match(await page.evaluate(() => document.querySelector('#facts').innerText.replace(/\s+/g, ' ')), /^cpu 1\.00 s 8 samples in 1\.50 s \+50\.0 ms \(\+5\.3 %\) since before\.cpuprofile \(950 ms, 8 samples in 1\.45 s\)/)
  const of = async (...where) => ({ colour: await colour(page, ...where), tip: await tip(page, ...where) })
  const grew = await of(3, 0.1)
  assert.match(grew.tip, /^price cumulative 300 ms 30\.0 % 300,000,000 ns flat 300 ms 30\.0 % 300,000,000 ns before 100 ms 100,000,000 ns grew by \+200 ms \+200,000,000 ns flat grew by \+200 ms/)
  assert.ok(grew.colour[0] > grew.colour[2] + 40, `red: ${grew.colour}`)
  const shrank = await of(2, 0.8)
  assert.match(shrank.tip, /^report .* before 350 ms 350,000,000 ns grew by −150 ms/)
  assert.ok(shrank.colour[2] > shrank.colour[0] + 40, `blue: ${shrank.colour}`)
  const same = await of(1, 0.95)
  assert.match(same.tip, /grew by 0 ms/)
  assert.ok(Math.max(...same.colour) - Math.min(...same.colour) < 12, `neither: ${same.colour}`)
  assert.match(await page.evaluate(() => document.querySelector('#totals tbody tr').innerText.replace(/\s+/g, ' ')), /^price .* \+200 ms \+200 ms$/, 'what grew most comes first')
  // It moved by four lines, and is the same.
  assert.match(await tip(page, 2, 0.1), /^serve .* before 450 ms .*serve\.js:12/)
  assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('#totals thead button')].map((head) => head.textContent)), ['Function', 'Flat', 'Cumulative', 'Flat Δ', 'Cumulative Δ'])
  assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('#graph .key li')].map((one) => one.textContent)), ['grew', 'the same', 'shrank'])
  assert.deepEqual(await page.evaluate(faint), [])
})

onPage('names from a profile are text and nothing else', [hostile], async (page) => {
  for (const chooser of await page.evaluate(() => [...document.querySelectorAll('#totals .chooser')].keys().toArray?.() ?? [...document.querySelectorAll('#totals .chooser')].map((_, at) => at))) {
    await page.evaluate((at) => document.querySelectorAll('#totals .chooser')[at].click(), chooser)
  }
  for (let share = 0.02; share < 1; share += 0.06) await tip(page, 2, share)
  for (const by of ['file', 'package', 'function']) await choose(page, 'by', by)
  const state = await page.evaluate((hostile) => ({
    pwned: window.pwned,
    elements: document.querySelectorAll('img, iframe, object, embed, link, svg, [onerror]').length,
    scripts: document.scripts.length,
    listed: hostile.filter((name) => [...document.querySelectorAll('#totals .name')].some((cell) => cell.textContent === name)),
    polluted: Object.prototype.pwned
  }), WELL_FORMED)
  assert.deepEqual(state, { elements: 0, scripts: 2, listed: WELL_FORMED.filter((_, at) => at !== 4) })
})

onPage('a hundred thousand different stacks are a page of some megabytes, of which only what can be seen is painted', [() => large(100_000)], async (page) => {
  const size = await page.evaluate(() => document.documentElement.outerHTML.length)
  assert.ok(size < 12e6, `${size} bytes`)
  const first = await sheet(page)
  const { rows, width } = await page.evaluate(() => {
    const { clientHeight, clientWidth } = document.querySelector('#graph .icicle')
    return { rows: Math.ceil(clientHeight / 22) + 1, width: clientWidth }
  })
  // At most a bar for each 0.7 pixels of the rows that can be seen, and in this profile far fewer.
  assert.ok(Number(first.bars) > 500 && Number(first.bars) < rows * width / 0.7 / 4, `${first.bars} bars in ${rows} rows of ${width} pixels`)
  const frames = async (act) => {
    const { draws } = await sheet(page)
    await act()
    return (await sheet(page)).draws - draws
  }
  // A zoom is painted once, and the frame of what has the focus after it; so is what is searched for.
  assert.ok(await frames(() => click(page, 4, 0.3)) <= 3)
  assert.match(await crumbs(page), /^All › main › step1of0 › /)
  assert.ok(await frames(() => page.press('Escape')) <= 3)
  assert.ok(await frames(() => page.evaluate(() => { document.querySelector('#graph .icicle').scrollTop = 100 })) <= 2)
  await page.evaluate(() => document.querySelector('#search').focus())
  assert.ok(await frames(() => page.type('leaf9999')) <= 2)
  assert.equal(await found(page), '0.0 % match: 11.0 ms, 11 functions')
  assert.equal(await page.evaluate(() => document.querySelectorAll('#totals tbody tr').length), 25)
})

onPage('a profile without samples', [() => cpuProfile([])], async (page) => {
  assert.match(await page.evaluate(() => document.querySelector('#facts').innerText), /^cpu 0 ms\s+0 samples/)
  assert.equal((await sheet(page)).bars, '1')
  assert.match(await page.evaluate(() => document.querySelector('#totals').innerText), /Nothing matches/)
})

onPage('stacks as deep as they may be', [() => cpuProfile([[Array.from({ length: 65_000 }, (_, at) => [`f${at % 7}`, 'a.js', at % 7]), 10]])], async (page) => {
  for (const by of ['package', 'function']) await choose(page, 'by', by)
  await page.evaluate(() => document.querySelector('#totals .chooser').click())
  await page.evaluate(() => document.querySelector('#graph [role=treeitem]').focus())
  for (let step = 0; step < 12; step++) await page.press('ArrowUp')
  await page.press('Enter')
  assert.match(await crumbs(page), /^All › f0 › … 6 … › .* › f4$/)
  // A picture's rows are painted where they can be seen, and nowhere else.
  assert.ok(Number((await sheet(page)).bars) < 60)
})

onPage('what is too narrow to be seen is one bar, which says how many it stands for', [() => narrow(5000)], async (page) => {
  assert.equal((await sheet(page)).bars, '4', 'all, main, wide, and the rest')
  assert.equal(await tip(page, 2, 0.75), '5,000 that are narrower than a pixel: zoom in to see them')
  assert.match(await tip(page, 2, 0.25), /^wide cumulative 5\.00 s 50\.0 %/)
})

onPage('on a telephone nothing is wider than the screen', [shop, shopBefore], async (page) => {
  await page.evaluate(() => document.querySelector('#totals .chooser').click())
  for (const width of [400, 360]) assert.deepEqual(await tooWide(page, width, '#graph canvas'), [width])
})
