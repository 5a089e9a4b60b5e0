'use strict'

// A Rust source as tokens: names, raw names without their `r#`, `::` and other signs. Comments, strings, characters and lifetimes are left away.

const SKIPPED = [
  /\s+/y,
  /\/\/[^\n]*/y,
  // b"…", c"…", br#"…"#
  /[bc]?r(#*)"[^]*?"\1/y,
  /[bc]?"(?:\\[^]|[^"\\])*"/y,
  /b?'(?:\\(?:u\{[^}]*\}|x..|[^])|[^'\\])'/yu,
  /'[A-Za-z_]\w*/y
]
const NAME = /(r#)?(\$?[A-Za-z_]\w*)/y
const SIGN = /::|[^]/y

/** Each as { text, kind }: 'name', 'raw' or 'sign'. */
function tokens (source) {
  const found = []
  for (let at = 0; at < source.length;) {
    const after = skip(source, at)
    if (after > at) {
      at = after
      continue
    }
    const name = matchAt(NAME, source, at)
    const [whole] = name ?? matchAt(SIGN, source, at)
    found.push(name ? { text: name[2], kind: name[1] ? 'raw' : 'name' } : { text: whole, kind: 'sign' })
    at += whole.length
  }
  return found
}

function skip (source, at) {
  if (source.startsWith('/*', at)) return afterBlock(source, at)
  for (const pattern of SKIPPED) {
    const match = matchAt(pattern, source, at)
    if (match) return at + match[0].length
  }
  return at
}

/** Block comments have others in them. */
function afterBlock (source, at) {
  let open = 0
  do {
    if (source.startsWith('/*', at)) open++
    else if (source.startsWith('*/', at)) open--
    at += source.startsWith('/*', at) || source.startsWith('*/', at) ? 2 : 1
  } while (open > 0 && at < source.length)
  return at
}

function matchAt (pattern, source, at) {
  pattern.lastIndex = at
  return pattern.exec(source)
}

module.exports = { tokens }
