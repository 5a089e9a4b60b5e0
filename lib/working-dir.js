'use strict'

// The working directory of the process, which may be gone, or have a name that no string can hold.

const fs = require('node:fs')
const path = require('node:path')
const { HeapkitError, codes } = require('./errors')

// Relative paths in the environment and on the command line start where the process was started, even if the working
// directory changes later.
const START = look()

/** { dir }, or { error } where there is none. With a name that is not UTF-8 `dir` is empty: only the system knows it. */
function look () {
  try {
    const dir = process.cwd()
    return { dir: dir.includes('\uFFFD') && !fs.existsSync(dir) ? '' : dir }
  } catch (error) {
    return { error }
  }
}

/** The absolute path, as far as there is one. */
function resolve (file) {
  return resolveIn(look, file)
}

function resolveFromStart (file) {
  return resolveIn(() => START, file)
}

/** Asks for the working directory only where it is needed. */
function resolveIn (find, file) {
  if (path.isAbsolute(file)) return path.resolve(file)
  const { dir, error } = find()
  if (error) {
    throw new HeapkitError(codes.IO,
      `Cannot find ${file}: the working directory of this process was removed. Use an absolute path, or change to a directory that is there (process.chdir)`,
      { cause: error, path: file })
  }
  return dir === '' ? path.normalize(file) : path.resolve(dir, file)
}

module.exports = { resolve, resolveFromStart }
