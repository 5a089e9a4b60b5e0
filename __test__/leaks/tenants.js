'use strict'

// Settings of tenants are kept by name in a plain object for ever: 10 of them, then 35, then 85. Keys of a dictionary, not fields.

const settingsByTenant = {}

class Settings {
  constructor (tenant) {
    this.tenant = tenant
    this.rules = Array.from({ length: 2500 }, (_, rule) => ({ path: `/${tenant}/${rule}`, allow: rule % 2 === 0 }))
  }
}

const NAMES = ['acme', 'globex', 'initech', 'umbrella', 'hooli', 'stark', 'wayne', 'wonka', 'tyrell', 'cyberdyne']
const LETTERS = 'abcdefghij'

module.exports = {
  holder: [/\bsettingsByTenant\b/, /tenants\.js/],
  thing: /\bSettings\b/,
  count: 1,
  bytes: 270_000,
  calls: [10, 25, 50],
  leak (index) {
    const tenant = NAMES[index % 10] + LETTERS[Math.floor(index / 10)]
    settingsByTenant[tenant] = new Settings(tenant)
  }
}
