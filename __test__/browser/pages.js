/* eslint-env browser */

'use strict'

// What the tests of pages have in common: a browser, pages in it that ask for nothing and complain about nothing, and whether they can be read.

const assert = require('node:assert/strict')
const fs = require('node:fs/promises')
const os = require('node:os')
const path = require('node:path')
const { after, before, test } = require('node:test')
const { pathToFileURL } = require('node:url')
const { Browser } = require('./chromium')

const LIMIT = { timeout: 120_000 }

/** Answers onPage(title, html, run): a test with a page open, whose HTML `html()` answers; in the end it must have complained about nothing and asked for nothing. */
function pages () {
  let browser
  let dir
  before(async () => {
    dir = await fs.mkdtemp(path.join(os.tmpdir(), 'heapkit-page-'))
    browser = await Browser.launch()
  }, LIMIT)
  after(async () => {
    await browser?.close()
    await fs.rm(dir, { recursive: true, force: true })
  }, LIMIT)

  return (title, html, run) => test(title, LIMIT, async () => {
    const file = path.join(dir, `${title.replace(/\W+/g, '-')}.html`)
    await fs.writeFile(file, await html())
    const page = await browser.page()
    try {
      await page.open(pathToFileURL(file).href)
      // It draws itself before it has loaded.
      assert.deepEqual([page.complaints, await page.evaluate(() => document.documentElement.dataset.ready)], [[], ''])
      await run(page)
      assert.deepEqual(page.complaints, [])
      assert.deepEqual(page.requests, [pathToFileURL(file).href])
    } finally {
      await page.close()
    }
  })
}

/** What the keyboard is at, in words. */
function focused () {
  const at = document.activeElement
  return at.getAttribute('aria-label') ?? at.textContent
}

/** Texts whose contrast is below AA: against the fill or the background behind them. */
function faint () {
  const canvas = document.createElement('canvas')
  canvas.width = canvas.height = 1
  const context = canvas.getContext('2d', { willReadFrequently: true })
  const rgba = (color) => {
    context.clearRect(0, 0, 1, 1)
    context.fillStyle = color
    context.fillRect(0, 0, 1, 1)
    return [...context.getImageData(0, 0, 1, 1).data].map((value, at) => at === 3 ? value / 255 : value)
  }
  const over = (top, alpha, below) => below.map((value, at) => at === 3 ? 1 : top[at] * alpha + value * (1 - alpha))
  const light = (color) => color.slice(0, 3).map((value) => value / 255)
    .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0)
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05)
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const bar = at.tagName === 'g' && at.querySelector('rect')
      if (bar) return [rgba(getComputedStyle(bar).fill)]
      const { backgroundColor, backgroundImage } = getComputedStyle(at)
      // A part of it is filled: both must do.
      const filled = /rgba?\([^)]*\)/.exec(backgroundImage)
      if (filled) return [rgba(filled[0]), ...behind(at.parentElement)]
      if (rgba(backgroundColor)[3] === 1) return [rgba(backgroundColor)]
    }
    return [rgba('white')]
  }
  const found = new Set()
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement
    if (element.closest('script') || texts.currentNode.data.trim() === '' || !element.checkVisibility()) continue
    const { color, fill, opacity } = getComputedStyle(element)
    const own = rgba(element.ownerSVGElement ? fill : color)
    for (const below of behind(element)) {
      const value = ratio(over(own, Number(opacity) * own[3], below), below)
      if (value < 4.5) found.add(`${element.tagName}.${element.getAttribute('class')} ${value.toFixed(2)}`)
    }
  }
  return [...found]
}

/** What is wider than a screen of that width, and cut off by nothing. */
async function tooWide (page, width, picture) {
  await page.resize(width, 800)
  await page.until((width, picture) => innerWidth === width && document.querySelector(picture).getBoundingClientRect().width <= width, width, picture)
  await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true }))
  return await page.evaluate(() => {
    const wide = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5 && getComputedStyle(one).visibility !== 'hidden' && !one.closest('.icicle'))
    // Of those, what no parent of theirs cuts off.
    const isCut = (one) => { for (let at = one.parentElement; at; at = at.parentElement) if (getComputedStyle(at).overflowX !== 'visible' && at.getBoundingClientRect().right <= innerWidth) return true }
    return [document.scrollingElement.scrollWidth, ...new Set(wide.filter((one) => !isCut(one)).map((one) => `${one.tagName} #${one.id} .${one.className}`))].slice(0, 30)
  })
}

module.exports = { LIMIT, pages, focused, faint, tooWide }
