'use strict'

// The pictures in the README: `node scripts/pictures.js [DIRECTORY]` runs the demo (or takes the captures that it left in DIRECTORY) and puts what the report and the
// flame graph look like into docs/images, light and dark. They are committed.

const { execFileSync } = require('node:child_process')
const fs = require('node:fs')
const os = require('node:os')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { ensureBrowser } = require('./browser')
const { Browser } = require('../__test__/browser/chromium')

const ROOT = path.join(__dirname, '..')
const IMAGES = path.join(ROOT, 'docs', 'images')
const DEMO = path.join(ROOT, 'examples', 'express-session-leak', 'demo.js')
const MOST_BYTES = 200_000
const SIZE = { width: 1200, height: 760 }

async function main ([given]) {
  process.env.CHROMIUM_PATH = ensureBrowser()
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'heapkit-pictures-'))
  try {
    const captures = given ?? path.join(scratch, 'captures')
    if (given === undefined) execFileSync(process.execPath, [DEMO, captures], { stdio: 'inherit' })
    fs.mkdirSync(IMAGES, { recursive: true })
    await paint(pagesOf(captures, scratch))
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true })
  }
}

/** The pages of what the demo captured: [name, file, element that is shown first] each. */
function pagesOf (dir, scratch) {
  const files = fs.readdirSync(dir).sort().map((name) => path.join(dir, name))
  const [before, after] = files.filter((file) => /\.heapsnapshot/.test(file))
  const cpu = files.find((file) => /\.cpuprofile/.test(file))
  const page = (name, ...args) => {
    const file = path.join(scratch, `${name}.html`)
    execFileSync(process.execPath, [path.join(ROOT, 'bin', 'heapkit.js'), ...args, '-o', file], { stdio: 'inherit' })
    return [name, file]
  }
  return [page('report', 'report', after, before), page('flame', 'flame', cpu)]
}

async function paint (pages) {
  const browser = await Browser.launch()
  try {
    for (const [name, file] of pages) {
      for (const scheme of ['light', 'dark']) {
        const page = await browser.page(SIZE)
        await page.media({ scheme })
        await page.open(pathToFileURL(file).href)
        await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))')
        const picture = await page.screenshot({ format: 'webp', quality: 80 })
        if (picture.length > MOST_BYTES) throw new Error(`${name}-${scheme} has ${picture.length} bytes: more than ${MOST_BYTES}`)
        const to = path.join(IMAGES, `${name}-${scheme}.webp`)
        fs.writeFileSync(to, picture)
        console.log(`${path.relative(ROOT, to)}  ${picture.length} bytes`)
        await page.close()
      }
    }
  } finally {
    await browser.close()
  }
}

main(process.argv.slice(2)).catch((error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
