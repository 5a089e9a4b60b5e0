'use strict'

// Circles of Rust files: one that uses another which, over however many, uses the first. A file that declares modules stands on them, so a module that asks
// the file that declares it is in a circle, too.

const { cratePaths, modulePath } = require('./rust')
const { tokens } = require('./rust-tokens')

/** The circles among the files, each as a list of files; `read` gives the text of a file. */
function circles (files, read) {
  const byModule = new Map(files.map((file) => [modulePath(file).join('::'), file]))
  const uses = new Map(files.map((file) => [file, used(file)]))
  const found = []
  const done = new Set()
  for (const file of files) walk(file, [])
  return found

  function used (file) {
    const source = read(file)
    const paths = [...cratePaths(source, file), ...declared(source).map((name) => [...modulePath(file), name])]
    return new Set(paths.map(fileOf).filter((other) => other !== undefined && other !== file))
  }

  /** The file of the longest beginning of a path that is a module. */
  function fileOf (path) {
    for (let length = path.length; length > 0; length--) {
      const file = byModule.get(path.slice(0, length).join('::'))
      if (file !== undefined) return file
    }
    return undefined
  }

  function walk (file, way) {
    const before = way.indexOf(file)
    if (before !== -1) found.push(way.slice(before))
    if (before !== -1 || done.has(file)) return
    for (const other of uses.get(file)) walk(other, [...way, file])
    done.add(file)
  }
}

/** The modules that a source says are in files of their own: `mod name;`. */
function declared (source) {
  const all = tokens(source)
  return all.flatMap(({ text, kind }, at) => text === 'mod' && kind === 'name' && all[at + 2]?.text === ';' ? [all[at + 1].text] : [])
}

module.exports = { circles }
