'use strict'

// Which names of its crate a Rust source uses, in whatever form it says so: `use` trees with groups, globs and other names, paths in the middle of
// code and in macros, `super` and `self` seen from modules inside the file, raw identifiers. No compiler: it knows tokens, braces and paths.

const { tokens } = require('./rust-tokens')

/**
 * The paths of a file that is the module `file`, each from the crate's root: `['sink', 'lane']`. Those that name the root itself, and with it
 * everything (`use crate as all`, `use crate::*`), are `['*']`. Ways around the tree of modules are given as `['!', 'what it is']`.
 */
function cratePaths (source, file) {
  const all = tokens(source)
  const found = []
  /** The module that the text is in, and at which depth of braces each began. */
  const inside = []
  let depth = 0
  let opening
  for (let at = 0; at < all.length; at++) {
    const { text, kind } = all[at]
    if (text === '{') {
      depth++
      if (opening !== undefined) inside.push({ name: opening, depth })
      opening = undefined
    } else if (text === '}') {
      if (inside.at(-1)?.depth === depth) inside.pop()
      depth--
    } else if (text === 'mod' && all[at + 1]?.kind === 'name') {
      opening = all[at + 2]?.text === '{' ? all[at + 1].text : undefined
    } else if (text === 'use' && kind === 'name') {
      const { paths, end } = useTree(all, at + 1)
      for (const path of paths) note(path)
      at = end
    } else if (startsPath(all, at)) {
      const path = pathAt(all, at)
      note(path)
      at += 2 * path.length - 2
    } else if (text === 'extern' && all[at + 1]?.text === 'crate' && all[at + 2]?.text === 'self') {
      found.push(['!', 'extern crate self'])
    } else if (text === 'include' && all[at + 1]?.text === '!') {
      found.push(['!', 'include!'])
    } else if (text === 'path' && all[at + 1]?.text === '=' && ['[', ','].includes(all[at - 1]?.text)) {
      found.push(['!', '#[path]'])
    }
  }
  return found

  function note (path) {
    const absolute = fromRoot(path, [...modulePath(file), ...inside.map(({ name }) => name)])
    if (absolute !== undefined) found.push(absolute)
  }
}

/** `src/heap/redaction/mod.rs` is the module heap::redaction. */
function modulePath (file) {
  const parts = file.replace(/^src\//, '').replace(/\.rs$/, '').split('/')
  return ['mod', 'lib'].includes(parts.at(-1)) ? parts.slice(0, -1) : parts
}

/** A path as the crate's root sees it; undefined for those that begin elsewhere, with another crate or a name in scope. */
function fromRoot (path, here) {
  let [first, ...rest] = path
  let base
  if (first === 'crate' || first === '$crate') base = []
  else if (first === 'self') base = here
  else if (first === 'super') base = here.slice(0, -1)
  else return undefined
  while (rest[0] === 'super') {
    base = base.slice(0, -1)
    rest = rest.slice(1)
  }
  rest = rest.filter((name) => name !== 'self')
  const whole = [...base, ...rest]
  return whole.length === 0 ? ['*'] : whole
}

/** Whether a path of this crate begins here: not in the middle of another, and `self` only where it is followed by more. */
function startsPath (all, at) {
  if (!['crate', '$crate', 'super', 'self'].includes(all[at].text) || all[at].kind !== 'name') return false
  return all[at - 1]?.text !== '::' && all[at + 1]?.text === '::'
}

function pathAt (all, at) {
  const path = [all[at].text]
  while (all[at + 1]?.text === '::' && ['name', 'raw'].includes(all[at + 2]?.kind)) {
    path.push(all[at + 2].text)
    at += 2
  }
  return path
}

/** All paths of a `use` declaration, other names left away. */
function useTree (all, at) {
  const paths = []
  let end = at
  tree([])
  return { paths, end }

  function tree (before) {
    const path = [...before]
    // `use ::name` begins with another crate.
    if (all[end]?.text === '::') {
      path.push('::')
      end++
    }
    for (; end < all.length; end++) {
      const { text, kind } = all[end]
      if (text === '{') return group(path)
      if (text === 'as') {
        end += 2
        break
      }
      if (kind === 'name' || kind === 'raw' || text === '*') path.push(text)
      else if (text !== '::') break
    }
    paths.push(path)
  }

  function group (path) {
    end++
    while (all[end] !== undefined && all[end].text !== '}') {
      if (all[end].text === ',') end++
      else tree(path)
    }
    end++
  }
}

module.exports = { cratePaths, modulePath }
