'use strict'

// Each tenant's rules run in a vm context of their own, which is kept by tenant and never let go.

const vm = require('node:vm')

const sandboxes = new Map()

module.exports = {
  holder: [/\bsandboxes\b/, /vm-contexts\.js/],
  thing: /\bcontexts?\b|\bglobals?\b|\{tenant, rules/i,
  count: 1,
  bytes: 155_000,
  calls: [5, 35, 35],
  leak (index) {
    const sandbox = vm.createContext({ tenant: `tenant ${index}`, rules: [] })
    vm.runInContext('rules.push((order) => order.total > 100)', sandbox)
    sandboxes.set(`tenant ${index}`, sandbox)
  }
}
