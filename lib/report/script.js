'use strict'

// The script of the page: the modules in page/ as one text. Each is a function that is called when it is first required, as in Node.js.

const fs = require('node:fs')
const path = require('node:path')

const DIR = path.join(__dirname, 'page')
const MAIN = 'main.js'

function pageScript () {
  const names = fs.readdirSync(DIR).filter((name) => name.endsWith('.js')).sort()
  const modules = names.map((name) => `${JSON.stringify(`./${path.basename(name, '.js')}`)}: function (module, require) {\n${fs.readFileSync(path.join(DIR, name), 'utf8')}}`)
  return `(function () {
const modules = {
${modules.join(',\n')}
}
const known = {}
function require (name) {
  if (!(name in known)) {
    known[name] = { exports: {} }
    modules[name](known[name], require)
  }
  return known[name].exports
}
require('./${path.basename(MAIN, '.js')}')
})()
`
}

module.exports = { pageScript }
