'use strict'

// The page about a heap: one HTML document that has everything in it and loads nothing.
//
// Strings in heaps can come from anybody. So the data is a block of JSON in which no tag can begin, the policy allows this
// script and this style, by their digests, and nothing else, and the script makes text nodes of the strings.

const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { pageScript } = require('./script')

let pieces

/** The document. `report` and `diff` are the JSON of the core's `Report` and `Diff`; `diff` may be missing. */
function renderReport ({ title, generatedAt, version, report, diff }) {
  pieces ??= read()
  const data = { generatedAt: new Date(generatedAt).toISOString(), report, diff: diff ?? null }
  return fill(pieces.html, {
    title: escapeHtml(title),
    version: escapeHtml(version),
    policy: pieces.policy,
    style: pieces.css,
    script: pieces.js,
    data: JSON.stringify(data).replaceAll('<', '\\u003c')
  })
}

function read () {
  // The HTML parser turns \r\n into \n, and the digests are of the result.
  const piece = (name) => fs.readFileSync(path.join(__dirname, name), 'utf8')
  const [html, css, js] = [piece('page.html'), piece('page.css'), pageScript()].map((text) => text.replaceAll('\r\n', '\n'))
  const policy = [
    "default-src 'none'",
    `style-src '${digest(css)}'`,
    `script-src '${digest(js)}'`,
    "base-uri 'none'",
    "form-action 'none'",
    // No text becomes HTML or script, even by mistake.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'"
  ].join('; ')
  return { html, css, js, policy }
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

module.exports = { renderReport }
