'use strict'

// The arguments of a command, and what is wrong with them in words.

const { parseArgs } = require('node:util')
const { nearest } = require('../options/nearest')
const { UsageError } = require('./usage-error')

/**
 * { values, positionals } of a command with these options, whose `usage` begins with `Usage: heapkit NAME ARGUMENT… [OPTION]…`; a line below it that
 * begins with an option is for when that is given.
 */
function readArguments (args, options, usage) {
  const forms = [...usage.split('\n\n')[0].matchAll(/heapkit (\S+) (?:--(\S+) )?(.*)/g)]
  const [[, name]] = forms
  const wrong = (problem) => { throw new UsageError(`${name}: ${problem}; \`heapkit ${name} --help\` says more`) }
  const { values, positionals, tokens } = parseArgs({ args, options, allowPositionals: true, strict: false, tokens: true })
  for (const token of tokens) if (token.kind === 'option') checkOption(token, options, wrong)
  const [, , , rest] = forms.find(([, , option]) => values[option]) ?? forms[0]
  const own = /^\[?-/.test(rest) ? '' : rest.split(/ (?=\[?-)/)[0]
  if (!values.help) checkPositionals(positionals, own, wrong)
  return { values, positionals }
}

function checkOption ({ name, rawName, value }, options, wrong) {
  if (!Object.hasOwn(options, name)) {
    const meant = nearest(name, Object.keys(options))
    wrong(`there is no option ${rawName}${meant === undefined ? '' : `; did you mean --${meant}?`}`)
  }
  const takesValue = options[name].type === 'string'
  if (takesValue && value === undefined) wrong(`${rawName} needs a value`)
  if (!takesValue && value !== undefined) wrong(`${rawName} takes no value; got ${JSON.stringify(value)}`)
}

/** `text` is what the usage says of them: those in brackets may be left out, and where there is a … there may be more. */
function checkPositionals (given, text, wrong) {
  const names = text.match(/\[[^\]]+\]|\S+/g) ?? []
  const missing = names.slice(given.length).filter((name) => !name.startsWith('['))
  if (missing.length > 0) wrong(`${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing`)
  const extra = given.slice(names.length)
  if (extra.length > 0 && !text.includes('…')) wrong(`it takes ${text || 'no arguments'}, and nothing is to be done with ${extra.map((one) => JSON.stringify(one)).join(', ')}`)
}

module.exports = { readArguments }
