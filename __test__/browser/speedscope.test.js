'use strict'

// speedscope itself opens what heapkit writes for it: captures, conversions, and folded stacks.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { test } = require('node:test')
const { installPackage } = require('../../scripts/packages')
const { tmpDir } = require('../support')
const { openProfile, startCpuProfile, startSampling } = require('../..')
const { Browser } = require('./chromium')

const SPEEDSCOPE = '1.25.0'

function burn () {
  const until = process.cpuUsage().user + 200_000
  while (process.cpuUsage().user < until);
}

test("speedscope's own importer takes what is written for it, and names each profile", async (t) => {
  const dir = tmpDir(t)
  const sampling = startSampling({ sampleInterval: 1024 })
  const cpu = startCpuProfile()
  burn()
  globalThis.kept = Array.from({ length: 20_000 }, (_, index) => ({ index }))
  const files = [
    [(await cpu.stop({ dir, format: 'speedscope' })).path, 'cpu'],
    [(await sampling.capture({ dir, format: 'speedscope', compression: 'none' })).path, 'inuse_space'],
    [(await sampling.capture({ dir, format: 'folded', compression: 'none' })).path]
  ]
  const own = await openProfile((await sampling.stop({ dir })).path)
  const converted = path.join(dir, 'converted.speedscope.json')
  fs.writeFileSync(converted, await own.convert('speedscope'))
  files.push([converted, 'inuse_space'])

  const browser = await Browser.launch()
  t.after(() => browser.close())
  const index = pathToFileURL(path.join(installPackage('speedscope', SPEEDSCOPE), 'node_modules/speedscope/dist/release/index.html'))
  for (const [file, name = path.basename(file)] of files) {
    const page = await browser.page()
    // As its own command does it.
    const script = path.join(dir, 'load.js')
    fs.writeFileSync(script, `speedscope.loadFileFromBase64(${JSON.stringify(path.basename(file))}, '${fs.readFileSync(file, 'base64')}')`)
    await page.open(`${index}#localProfilePath=${script}`)
    const title = await page.until(() => document.title !== 'speedscope' && document.title)
    assert.ok(title.startsWith(name), `${title}: ${page.complaints}`)
    assert.deepEqual(page.complaints.filter((text) => /rror/.test(text)), [])
    await page.close()
  }
})
