'use strict'

// A DataLoader is meant for one request; this one is the module's, and so remembers every user that was ever loaded.

const DataLoader = require('dataloader')

class UserRow {
  constructor (id) {
    this.id = id
    this.scores = Array.from({ length: 20 }, (_, score) => score * id + 0.5)
  }
}

const userLoader = new DataLoader(async (ids) => ids.map((id) => new UserRow(id)))

module.exports = {
  holder: [/\buserLoader\b|\bDataLoader\b/, /\b_?cacheMap\b|\bcache\b|\buserLoader\b/],
  thing: /\bUserRow\b|\bPromise\b/,
  count: 1,
  bytes: 620,
  calls: [500, 6000, 6000],
  leak: (index) => userLoader.load(index)
}
