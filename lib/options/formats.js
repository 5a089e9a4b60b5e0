'use strict'

// The formats of captures: which one can have, and which one a file's name speaks of. src/sink/name.rs has the table.

const native = require('../native')

/** [{ name, extension, kinds }], V8's own first. */
const FORMATS = native.formats()

/** What names of files end in, before what they are packed with, where that says a format that is not V8's own. */
const ENDINGS = { pprof: ['.pb', '.pprof'], folded: ['.folded', '.collapsed'], speedscope: ['.speedscope.json', '.speedscope'], flamegraph: ['.html'] }

/** The names of those that a capture can have; the first is V8's own. */
function formatsOf (kind) {
  return FORMATS.filter(({ kinds }) => kinds.includes(kind)).map(({ name }) => name)
}

/** What its files' names end in, before what they are packed with. */
function extensionOf (format) {
  return FORMATS.find(({ name }) => name === format).extension
}

/** The format that a file's name, without what it is packed with, speaks of; undefined where it does not. */
function formatNamed (file) {
  return Object.keys(ENDINGS).find((format) => ENDINGS[format].some((ending) => file.endsWith(ending)))
}

/** How a file is packed where nobody says: browsers open a page only as it is. */
function usualCompression (format) {
  return format === 'flamegraph' ? 'none' : 'gzip'
}

module.exports = { ENDINGS, formatsOf, extensionOf, formatNamed, usualCompression }
