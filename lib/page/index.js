'use strict'

// Pages: HTML documents that have everything in them and load nothing.
//
// Strings in heaps and profiles can come from anybody. So the data is a block of JSON in which no tag can begin, the policy allows this
// script and this style, by their digests, and nothing else, and the script makes text nodes of the strings.

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { pageScript } = require('./script')

const known = new Map()

/** What comes before and after the data of a page whose `body.html`, `page.css` and `page/` are in a folder: { head, tail }. `values` are texts for the page. */
function around (dir, values) {
  if (!known.has(dir)) known.set(dir, read(dir))
  const { html, body, policy, style, script } = known.get(dir)
  const texts = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, escapeHtml(value)]))
  const [head, tail] = html.split('{{data}}').map((part) => fill(part, { ...texts, body: fill(body, texts), policy, style, script }))
  return { head, tail }
}

/** JSON in which no tag can begin. */
function embedded (data) {
  return JSON.stringify(data).replaceAll('<', '\\u003c')
}

function read (dir) {
  const text = (...names) => fs.readFileSync(path.join(...names), 'utf8')
  // The HTML parser turns \r\n into \n, and the digests are of the result.
  const [html, body, style, script] = [
    text(__dirname, 'page.html'), text(dir, 'body.html'), `${text(__dirname, 'shared.css')}\n${text(dir, 'page.css')}`,
    pageScript([path.join(__dirname, 'shared'), path.join(dir, 'page')])
  ].map((text) => text.replaceAll('\r\n', '\n'))
  const policy = [
    "default-src 'none'",
    `style-src '${digest(style)}'`,
    `script-src '${digest(script)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    // No text becomes HTML or script, even by mistake.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'"
  ].join('; ')
  return { html, body, style, script, policy }
}

function digest (text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`
}

/** Fills in each `{{name}}`, in one pass: what is filled in is not looked at again. */
function fill (template, values) {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name])
}

function escapeHtml (text) {
  return String(text).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

module.exports = { around, embedded }
