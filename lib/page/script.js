'use strict'

// The script of a page: the modules of some folders as one text. Each is a function that is called when it is first required, as in Node.js; its name is
// that of its file, whatever the folder.

const fs = require('node:fs')
const path = require('node:path')

const MAIN = 'main'

function pageScript (dirs) {
  const files = dirs.flatMap((dir) => fs.readdirSync(dir).filter((name) => name.endsWith('.js')).sort().map((name) => path.join(dir, name)))
  const modules = files.map((file) => `${JSON.stringify(path.basename(file, '.js'))}: function (module, require) {\n${fs.readFileSync(file, 'utf8')}}`)
  return `(function () {
const modules = {
${modules.join(',\n')}
}
const known = {}
function require (path) {
  const name = path.split('/').at(-1)
  if (!(name in known)) {
    known[name] = { exports: {} }
    modules[name](known[name], require)
  }
  return known[name].exports
}
require('./${MAIN}')
})()
`
}

module.exports = { pageScript }
