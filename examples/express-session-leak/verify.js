'use strict'

// Looks into what was captured: every file must be there, be what its artifact says, unpack, and parse. Answers a line
// for people about what it shows.

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const zlib = require('node:zlib')
const { bytes } = require('../../lib/cli/table')

const LOOK = { snapshot: lookAtSnapshot, timeline: lookAtSnapshot, sampling: lookAtSampling, cpu: lookAtCpu }

function verify (artifact) {
  const packed = fs.readFileSync(artifact.path)
  assert.equal(packed.length, artifact.bytes, 'size of the file')
  assert.equal(createHash('sha256').update(packed).digest('hex'), artifact.sha256, 'SHA-256 of the file')
  const raw = zlib.gunzipSync(packed)
  assert.equal(raw.length, artifact.rawBytes, 'size of what it unpacks to')
  return LOOK[artifact.kind](JSON.parse(raw.toString('latin1')))
}

function lookAtSnapshot ({ snapshot, nodes, edges }) {
  assert.equal(nodes.length, snapshot.node_count * snapshot.meta.node_fields.length, 'nodes that the header promises')
  assert.equal(edges.length, snapshot.edge_count * snapshot.meta.edge_fields.length, 'edges that the header promises')
  return `${number(snapshot.node_count)} objects with ${number(snapshot.edge_count)} references`
}

function lookAtSampling ({ head }) {
  const sites = new Map()
  let total = 0
  visit(head, ({ callFrame: { functionName, url, lineNumber }, selfSize }) => {
    const site = `${functionName || '(anonymous)'}${url && ` ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`}`
    sites.set(site, (sites.get(site) ?? 0) + selfSize)
    total += selfSize
  })
  assert.ok(total > 0, 'samples')
  const [site, size] = [...sites].reduce((a, b) => b[1] > a[1] ? b : a)
  return `of ${bytes(total)} that came and stayed, most is from ${site} (${bytes(size)})`
}

function visit (node, look) {
  look(node)
  for (const child of node.children) visit(child, look)
}

function lookAtCpu ({ nodes, samples, timeDeltas, startTime, endTime }) {
  assert.ok(nodes.length > 0 && samples.length > 0, 'samples')
  assert.equal(samples.length, timeDeltas.length, 'a time for every sample')
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === '(idle)').map(({ id }) => id))
  const busy = samples.filter((id) => !idle.has(id)).length / samples.length
  return `${number(samples.length)} samples in ${((endTime - startTime) / 1e6).toFixed(1)} s, ${Math.round(busy * 100)} % of them busy`
}

function number (value) {
  return value.toLocaleString('en-US')
}

module.exports = { verify }
