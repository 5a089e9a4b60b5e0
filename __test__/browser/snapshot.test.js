'use strict'

// A snapshot of a browser's page: DevTools' numbers, documents and detached elements included.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { test } = require('node:test')
const { tmpDir } = require('../support')
const { openSnapshot } = require('../..')
const { Browser } = require('./chromium')

const SYSTEM_DISTANCE = 100_000_000

test("a page's snapshot has DevTools' numbers, and the elements that are detached", async (t) => {
  const browser = await Browser.launch()
  t.after(() => browser.close())
  const page = await browser.page()
  await page.evaluate(() => {
    document.body.innerHTML = '<main id="attached"><p class="a">text</p></main>'
    const list = document.createElement('section')
    for (let index = 0; index < 200; index++) list.appendChild(document.createElement('article')).id = `item-${index}`
    window.kept = { list, weak: new WeakMap([[list, { note: 'value' }]]) }
  })
  const file = path.join(tmpDir(t), 'page.heapsnapshot')
  const chunks = []
  const heard = page.heard.bind(page)
  page.heard = (method, params) => method === 'HeapProfiler.addHeapSnapshotChunk' ? chunks.push(params.chunk) : heard(method, params)
  await page.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  fs.writeFileSync(file, chunks.join(''))

  const { parse } = await import('heap-snapshot-toolkit')
  const theirs = new Map(Object.entries((await parse(fs.createReadStream(file))).getAggregatesByClassKey(false, 'allObjects'))
    .map(([key, aggregate]) => {
      const [, script, line, column] = /^(\d+),(\d+),(\d+),/.exec(key) ?? []
      return [`${aggregate.name} ${script === undefined ? '' : `${script}:${Number(line) + 1}:${Number(column) + 1}`}`, aggregate]
    }))
  const heap = await openSnapshot(file)
  const { classes, detached } = await heap.summary({ top: 10_000 })
  heap.close()
  for (const { name, location = '', count, shallow, retained, distance } of classes) {
    const { count: own, self, maxRet, distance: far } = theirs.get(`${name} ${location}`)
    assert.deepEqual([count, shallow, retained, distance], [own, self, maxRet, far >= 0 && far < SYSTEM_DISTANCE ? far : null], name)
  }
  assert.equal(classes.find(({ name }) => name === 'Detached <article>').count, 200)
  assert.ok(detached.count >= 201 && detached.retained >= detached.shallow, JSON.stringify(detached))
})
