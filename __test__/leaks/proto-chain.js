'use strict'

// Each reload of the settings puts a layer over the layers before it, and none is ever taken away.

const config = { current: { retries: 3 } }

function reload (index) {
  const layer = Object.create(config.current)
  layer.revision = index
  layer.limits = Array.from({ length: 80 }, (_, limit) => limit + 0.125)
  config.current = layer
}

module.exports = {
  holder: [/\bconfig\b/, /\bcurrent\b/],
  thing: /revision|limits|__proto__|Object/,
  bytes: 900,
  calls: [300, 3000, 3000],
  leak (index) { reload(index) }
}
