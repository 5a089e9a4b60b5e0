'use strict'

// A report and a comparison as the core makes them, of a service that leaks sessions, with names that somebody chose.

/** Every one of them must stay a text. */
const HOSTILE = [
  '</script><script>window.pwned = "script"</script>',
  '<img src=x onerror="window.pwned = \'img\'">',
  '"><svg onload=window.pwned=1><!--',
  '{{script}} {{data}} $& $1 $`',
  '\u202egnirts \u0000\u2028\u2029\ud800',
  '__proto__',
  'constructor'
]

const KIB = 1024
const MIB = 1024 * KIB
const TOTAL = 96 * MIB

function step (id, name, by = '', edge = by === '' ? '' : 'property') {
  return { id, name, edge, by }
}

const TO_SESSIONS = [
  step(6051, 'global'), step(6237, 'require()', '.require'), step(8011, 'Object', '.cache'),
  step(8105, 'Module', '["/srv/shop/node_modules/express-session/index.js"]'), step(8211, 'session()', '.exports'),
  step(66265, 'MemoryStore', '→store', 'context'), step(66301, 'Object', '.sessions')
]

function classes (count) {
  const known = [
    ['Session', 48000, 18 * MIB, 61 * MIB, 8], ['(string)', 310000, 22 * MIB, 22 * MIB, 3], ['Object', 51200, 9 * MIB, 70 * MIB, 2],
    ['Array', 50100, 6 * MIB, 31 * MIB, 2], ['(compiled code)', 25150, 2 * MIB, 3 * MIB, 3], ['system / Context', 1689, 145 * KIB, 2 * MIB, 3],
    ['(system)', 5384, 152 * KIB, 900 * KIB, null], ['MemoryStore', 1, 56, 64 * MIB, 7]
  ].map(([name, count, shallow, retained, distance]) => ({ name, count, shallow, retained, distance }))
  const hostile = HOSTILE.map((name, at) => ({ name, count: 3 + at, shallow: 5000 - at, retained: 800 * KIB - at, distance: 9 }))
  const all = [...known, ...hostile]
  for (let at = all.length; at < count; at++) {
    const size = Math.round(700 * KIB / (1 + at / 9))
    all.push({ name: `Model${at}`, location: `${at}:12:7`, count: 1 + at * 7 % 400, shallow: Math.round(size / 3), retained: size, distance: 4 + at % 11 })
  }
  return all.sort((a, b) => b.retained - a.retained)
}

function largest (count) {
  const all = [
    { id: 6051, name: 'global', shallow: 11008, retained: 90 * MIB, distance: 1, path: [step(6051, 'global')] },
    { id: 66265, name: 'MemoryStore', shallow: 56, retained: 64 * MIB, distance: 6, path: TO_SESSIONS.slice(0, -1) },
    { id: 66301, name: 'Object', shallow: 3 * MIB, retained: 63.9 * MIB, distance: 7, path: TO_SESSIONS }
  ]
  for (let at = all.length; at < count; at++) {
    const hostile = HOSTILE[at % 60]
    const id = 100001 + at * 2
    all.push({
      id,
      name: hostile ?? 'Session',
      shallow: 384,
      retained: Math.round(500 * KIB / at),
      distance: 8,
      path: [...TO_SESSIONS, step(id, hostile ?? 'Session', `["${hostile ?? `sid${at}`}"]`)]
    })
  }
  return all
}

/** A tree of about `count` nodes: a few that branch, and one that goes deep. */
function tree (count) {
  let id = 1
  let made = 0
  const node = (name, retained, children = [], shallow = retained - children.reduce((sum, child) => sum + child.retained, 0)) => {
    made++
    id += 2
    return { name, id, count: 1, shallow, retained, ...(children.length > 0 && { children }) }
  }
  const rest = (count, retained) => {
    made++
    return { name: '', id: null, count, shallow: retained, retained }
  }
  const fan = (name, retained, width, inside) => node(name, retained, [
    ...Array.from({ length: width }, (_, at) => inside(Math.floor(retained * 0.9 / width), at)),
    rest(1200, Math.floor(retained * 0.05))
  ])
  const names = ['Session', 'Array', 'Map', 'render()', '(string)', 'Object', 'Cart', 'system / Context']
  const sessions = fan('Object', 64 * MIB - 56, 40, (size, at) => fan(names[at % names.length], size, 20, (size, at) => node(names[at % 3], size, [rest(7, Math.floor(size / 2))])))
  sessions.id = 66301
  const store = node('MemoryStore', 64 * MIB, [sessions])
  store.id = 66265
  let deep = node('Leaf', 2 * MIB)
  for (let at = 0; at < 50; at++) deep = node(at % 2 === 0 ? 'Node' : 'next()', deep.retained + 64, [deep])
  const hostile = HOSTILE.map((name) => node(name, 300 * KIB))
  const global = node('global', 90 * MIB, [store, fan('Module', 12 * MIB, 40, (size) => node('Function', size)), deep, ...hostile])
  global.id = 6051
  const roots = node('(GC roots)', 5 * MIB, [])
  roots.children = []
  const room = count - made - 2
  for (let at = 0; at < room; at++) roots.children.push(node('(Builtins)', Math.floor(5 * MIB / room)))
  roots.shallow = 5 * MIB - roots.children.reduce((sum, child) => sum + child.retained, 0)
  return { ...node('(synthetic)', TOTAL, [global, roots], 0), id: 1 }
}

function makeReport ({ classCount = 1000, nodeCount = 3000, incomplete } = {}) {
  return {
    summary: {
      file: { nodes: 812345, edges: 3248397, strings: 331399, ...(incomplete !== undefined && { incomplete }) },
      totals: { total: TOTAL, native: 3 * MIB, typedArrays: 2 * MIB, code: 6 * MIB, strings: 24 * MIB, arrays: 19 * MIB, system: 2 * MIB, other: 42 * MIB },
      types: [{ type: 'object', count: 99000, shallow: 40 * MIB }, { type: 'string', count: 310000, shallow: 24 * MIB }],
      classCount: classCount + 234,
      classes: classes(classCount),
      largest: largest(400),
      strings: {
        wasted: 3 * MIB,
        duplicated: 1017,
        top: [
          { text: '{"cookie":{"originalMaxAge":null,"path":"/"}}', count: 48000, wasted: 2 * MIB },
          ...HOSTILE.map((text, at) => ({ text, count: 9 - at, wasted: 4000 - at })),
          ...Array.from({ length: 300 }, (_, at) => ({ text: `/products/${at}\nline`, count: 4, wasted: 3000 - at }))
        ]
      },
      detached: { count: 3, shallow: 300, retained: 4096 }
    },
    suspects: {
      total: TOTAL,
      threshold: Math.floor(TOTAL / 10),
      suspects: [
        {
          kind: 'object',
          name: 'Object',
          id: 66301,
          count: 1,
          retained: 90 * MIB,
          share: 90 / 96,
          accumulation: {
            id: 66301,
            name: 'Object',
            retained: 63.9 * MIB,
            heldBy: 'MemoryStore.sessions',
            holds: [{ name: 'Session', count: 48000, retained: 61 * MIB }, { name: HOSTILE[0], count: 3, retained: 4096 }]
          },
          path: TO_SESSIONS,
          text: '48,000 Session held by MemoryStore.sessions (Object @66301) retain 93.8 % of the heap'
        },
        {
          kind: 'class',
          name: HOSTILE[1],
          id: null,
          count: 812,
          retained: 10 * MIB,
          share: 10 / 96,
          accumulation: { id: 4711, name: HOSTILE[1], retained: 20 * KIB, heldBy: '', holds: [] },
          path: [step(4700, 'Queue'), { id: 4702, name: 'Node', edge: 'property', by: '.next', count: 21_990 }, { id: 4704, name: '', edge: '', by: '', count: 17 }, step(4711, HOSTILE[1])],
          text: `9,000 Member held by Room.members (812 ${HOSTILE[1]}, the largest is @4711) retain 10.4 % of the heap`
        }
      ]
    },
    tree: tree(nodeCount)
  }
}

function makeDiff ({ correspond = true, incomplete } = {}) {
  const grown = (name, heldBy, path, counts, sizes) => ({
    name,
    heldBy,
    path,
    counts,
    sizes,
    countDelta: counts.at(-1) - counts[0],
    sizeDelta: sizes.at(-1) - sizes[0],
    grewEveryTime: true
  })
  const constructor = (name, counts, shallow, retained) => ({
    name,
    counts,
    shallow,
    retained,
    countDelta: counts[1] - counts[0],
    shallowDelta: shallow[1] - shallow[0],
    retainedDelta: retained[1] - retained[0],
    ...(correspond && { added: Math.max(0, counts[1] - counts[0]) + 2, removed: 2 }),
    grewEveryTime: counts[1] > counts[0]
  })
  return {
    snapshots: [
      { path: '/srv/shop/dumps/before.heapsnapshot', nodes: 312345, total: 35 * MIB, ...(incomplete !== undefined && { incomplete }) },
      { path: '/srv/shop/dumps/after.heapsnapshot', nodes: 812345, total: TOTAL }
    ],
    sizeDelta: TOTAL - 35 * MIB,
    ids: { correspond, agreement: correspond ? 0.9991 : 0.02 },
    paths: [
      grown('Session', 'MemoryStore.sessions', ['global', '[…] Function', '.cache Object', '[…] Module', '→store MemoryStore', '.sessions Object', '[…] Session'], [120, 48120], [160 * KIB, 58 * MIB]),
      grown(HOSTILE[0], `Cache["${HOSTILE[1]}"]`, ['global', `["${HOSTILE[1]}"] ${HOSTILE[0]}`], [0, 12], [0, 90 * KIB]),
      grown('Array', 'Queue.items', ['global', '.queue Queue', '.items Array'], [1, 1], [2 * KIB, 70 * KIB]),
      grown('Job', 'Queue.running', ['global', '.queue Queue', '.running Job'], [9, 4], [2 * KIB, 69 * KIB]),
      ...Array.from({ length: 20 }, (_, at) => grown(`Model${at}`, `Registry.model${at}`, ['global', `.model${at} Model${at}`], [0, 5], [0, 40 * KIB - at]))
    ],
    pathCount: 41,
    constructors: [
      constructor('Session', [120, 48120], [46 * KIB, 18 * MIB], [160 * KIB, 58 * MIB]),
      constructor('(string)', [44000, 310000], [4 * MIB, 22 * MIB], [4 * MIB, 22 * MIB]),
      ...HOSTILE.map((name, at) => constructor(name, [0, 3 + at], [0, 300], [0, 3000 - at])),
      constructor('Socket', [40, 12], [4000, 1200], [9000, 2700]),
      ...Array.from({ length: 40 }, (_, at) => constructor(`Model${at}`, [1, 6], [100, 600], [100, 700 - at]))
    ],
    constructorCount: 90,
    tree: growthTree()
  }
}

/** What grew as a tree: sessions, and what somebody named. */
function growthTree () {
  const branch = (name, by, counts, grown, children = []) => ({ name, by, counts, retained: [MIB, MIB + grown], ...(children.length > 0 && { children }) })
  const session = branch('Session', '[…]', [120, 48120], 56 * MIB, [branch('(string)', '.data', [120, 48120], 30 * MIB), branch('Cookie', '.cookie', [120, 48120], 12 * MIB)])
  const store = branch('MemoryStore', '→store', [1, 1], 57 * MIB, [branch('Object', '.sessions', [1, 1], 57 * MIB, [session])])
  const hostile = HOSTILE.map((name) => branch(name, `["${HOSTILE[1]}"]`, [0, 12], 300 * KIB))
  return branch('', '', [1, 1], 61 * MIB, [branch('global', '', [1, 1], 60 * MIB, [store, ...hostile, branch('', '', [9, 40], 100 * KIB)])])
}

module.exports = { HOSTILE, makeReport, makeDiff }
