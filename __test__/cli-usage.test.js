'use strict'

// What the command says to wrong arguments: one line that tells what is wrong, in the command's own words, and what to do; exit code 2.

const assert = require('node:assert/strict')
const fs = require('node:fs')
const path = require('node:path')
const { PassThrough } = require('node:stream')
const { text } = require('node:stream/consumers')
const { test } = require('node:test')
const { writeLarge } = require('./fixtures/heap-large')
const { tmpDir } = require('./support')
const { main } = require('../lib/cli/main')

async function heapkit (...args) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const texts = [text(stdout), text(stderr)]
  const code = await main(args, { stdout, stderr })
  stdout.end()
  stderr.end()
  const [out, error] = await Promise.all(texts)
  return { code, out, error }
}

const more = (command) => `; \`heapkit ${command} --help\` says more`
const lists = '`heapkit --help` lists them'
const size = (name, got) => `--${name} must be a number from 1 to 10000; got ${got}`

/** By arguments, of which FILE and PLAIN.txt are there: the line without its `heapkit: `. */
const WRONG = [
  ['nope', `Unknown command "nope"; ${lists}`],
  ['sumary FILE', `Unknown command "sumary"; did you mean \`summary\`? ${lists}`],
  ['help retainer', `Unknown command "retainer"; did you mean \`retainers\`? ${lists}`],
  ...[['summary', 'FILE is'], ['suspects', 'FILE is'], ['retainers', 'FILE and @ID|CLASS are'], ['diff', 'A and B are'], ['report', 'FILE is'], ['redact', 'IN and OUT are'], ['decompress', 'IN is'], ['top', 'FILE is'], ['flame', 'FILE is'], ['convert', 'IN and OUT are']]
    .map(([command, what]) => [command, `${command}: ${what} missing${more(command)}`]),
  ...[['summary', 'FILE'], ['suspects', 'FILE'], ['retainers', 'FILE @ID|CLASS', 2], ['report', 'FILE [BASE]', 2], ['redact', 'IN OUT', 2], ['decompress', 'IN [OUT]', 2], ['top', 'FILE'], ['flame', 'FILE [BASE]', 2], ['convert', 'IN OUT', 2], ['list', '[DIR]']]
    .map(([command, what, takes = 1]) => [`${command} ${['a', 'b'].slice(0, takes).join(' ')} c d`, `${command}: it takes ${what}, and nothing is to be done with "c", "d"${more(command)}`]),
  ['ps c d', `ps: it takes no arguments, and nothing is to be done with "c", "d"${more('ps')}`],
  ...['summary', 'suspects', 'retainers', 'diff', 'report', 'redact', 'decompress', 'top', 'flame', 'convert', 'list', 'ps'].flatMap((command) => [
    [`${command} --nonsense`, `${command}: there is no option --nonsense${more(command)}`],
    [`${command} --jsn`, `${command}: there is no option --jsn; did you mean --json?${more(command)}`],
    [`${command} --json=yes`, `${command}: --json takes no value; got "yes"${more(command)}`]
  ]),
  ['retainers FILE', `retainers: @ID|CLASS is missing${more('retainers')}`],
  ['diff FILE', `diff: B is missing${more('diff')}`],
  ['redact FILE', `redact: OUT is missing${more('redact')}`],
  ['redact FILE OUT --partial', `redact: there is no option --partial${more('redact')}`],
  ['summary FILE --top', `summary: --top needs a value${more('summary')}`],
  ...['0', '-1', '1.5', 'x', '99999'].map((value) => [`summary FILE --top ${value}`, size('top', JSON.stringify(value))]),
  ['diff FILE FILE --top 0', size('top', '"0"')],
  ['report FILE -o OUT --top 0', size('top', '"0"')],
  ['retainers FILE Item --paths 0', size('paths', '"0"')],
  ['summary FILE --sort name', "--sort must be 'retained' or 'shallow' or 'count'; got 'name'"],
  ...['0', '101', '10%'].map((value) => [`suspects FILE --threshold ${value}`, `--threshold must be a percentage from 1 to 100; got "${value}"`]),
  ['diff FILE FILE --max-growth big', '--max-growth must be a size in bytes, or with k, m or g, such as 10m; got "big"'],
  ['diff PROFILE PROFILE --by line', "--by must be 'function' or 'file' or 'package'; got 'line'"],
  ['diff PROFILE PROFILE --max-growth 10m', '--max-growth must be a time for cpu, such as 250ms or 2s; got "10m"'],
  ['diff PROFILE PROFILE --value samples --max-growth 2s', '--max-growth must be a number for samples, or one with k, m or g, such as 10m; got "2s"'],
  ['diff a.pprof b c', 'diff: of profiles it takes two, the earlier first; got 3'],
  ['diff a.pprof b --partial', 'diff: --partial is for snapshots, and these are profiles'],
  ['diff - -', 'The files may have standard input (`-`) once: it can be read only once'],
  ['report FILE', 'report: name the page: -o OUT.html'],
  ['report FILE -o', `report: -o needs a value${more('report')}`],
  ['top PROFILE --by line', "--by must be 'function' or 'file' or 'package' or 'thread'; got 'line'"],
  ['top PROFILE --top 0', size('top', '"0"')],
  ['top PROFILE --value cpus', "--value must be one of the profile's: 'samples', 'cpu', 'wall'; got 'cpus'"],
  ['top PROFILE --focus (', "--focus is no regular expression that can be used: found open group without closing ')'"],
  ['flame PROFILE', 'flame: name the page: -o OUT.html'],
  ['flame PROFILE -o OUT --value cpus', "--value must be one of the profile's: 'samples', 'cpu', 'wall'; got 'cpus'"],
  ['flame PROFILE HEAP -o OUT', 'The earlier profile has no cpu/nanoseconds to compare with; it has inuse_space/bytes'],
  ['diff HEAP PROFILE', 'The earlier profile has no cpu/nanoseconds to compare with; it has inuse_space/bytes'],
  ['flame - - -o OUT', 'flame: FILE and BASE may have standard input (`-`) once: it can be read only once'],
  ['convert PROFILE OUT', 'convert: the name of OUT must end in .pb.gz, .pprof, .pprof.gz, .folded, .collapsed, .speedscope.json, .speedscope, .html; got "OUT"'],
  ['redact FILE OUT --keep (', '--keep has a pattern that cannot be used, "(": found open group without closing \')\''],
  ['redact FILE FILE', 'OUT must be another file than the input: the copy is made beside it; got \'FILE\''],
  ...['redact FILE -', 'decompress FILE -', 'report FILE -o -', 'flame FILE -o -', 'convert FILE -'].map((args) => [args, `${args.split(' ')[0]}: it writes a file, which is there whole or not at all; give it a name instead of -`]),
  ['decompress FILE', 'decompress: FILE does not end in .gz or .zst; name the copy: heapkit decompress IN OUT'],
  ['decompress -', 'decompress: standard input has no name; give the copy one: heapkit decompress - OUT'],
  ['retainers FILE Itm', "@ID|CLASS names nothing that this snapshot has: 'Itm' is no class of it; did you mean `Item`?"],
  ['retainers FILE item', "@ID|CLASS names nothing that this snapshot has: 'item' is no class of it; did you mean `Item`?"],
  ['retainers FILE nothing-like-it', "@ID|CLASS names nothing that this snapshot has: 'nothing-like-it' is no class of it; its summary has them"],
  ['retainers FILE @99999', "@ID|CLASS names nothing that this snapshot has: '@99999' is no object of it. Ids are those of one snapshot: take one from its summary, its suspects, or the retainers of a class"],
  ['retainers FILE 7', "@ID|CLASS names nothing that this snapshot has: '7' is no class of it. For the object with that id write `@7`"]
]

test('every wrong use is one line that says what is wrong and what to do, and exit code 2', async (t) => {
  const file = path.join(tmpDir(t), 'a.heapsnapshot')
  writeLarge(file, 10)
  const profile = path.join(tmpDir(t), 'a.cpuprofile')
  fs.writeFileSync(profile, JSON.stringify({ nodes: [], startTime: 0, endTime: 1, samples: [], timeDeltas: [] }))
  const heap = path.join(path.dirname(profile), 'a.heapprofile')
  fs.writeFileSync(heap, JSON.stringify({ head: { callFrame: { functionName: '(root)' }, selfSize: 0, children: [] } }))
  for (const [args, line] of WRONG) {
    const { code, out, error } = await heapkit(...args.split(' ').map((arg) => arg.replace(/^FILE$/, file).replace(/^PROFILE$/, profile).replace(/^HEAP$/, heap).replace(/^OUT$/, `${file}.out`)))
    assert.deepEqual([error, out, code], [`heapkit: ${line.replace(/(?<=decompress: |got ')FILE/, file).replace('"OUT"', JSON.stringify(`${file}.out`))}\n`, '', 2], args)
  }
  for (const empty of [['summary', ''], ['list', '']]) {
    const { code, error } = await heapkit(...empty)
    assert.deepEqual([code, error], [2, `heapkit: ${empty[0] === 'list' ? 'DIR' : 'FILE'} must be a path: a string that is not empty; got ''\n`])
  }
  assert.deepEqual(fs.readdirSync(path.dirname(file)), ['a.heapsnapshot'])
})

test('help is there in every form', async () => {
  for (const args of [['help', 'diff'], ['diff', '--help'], ['diff', '-h'], ['diff', 'a', '--help']]) {
    const { code, out, error } = await heapkit(...args)
    assert.deepEqual([code, error], [0, ''])
    assert.match(out, /^Usage: heapkit diff A B \[C …\]/)
  }
})
