'use strict'

// Each tenant's way to log in becomes a strategy of passport when it is first used; strategies of tenants that left stay.

const passport = require('passport')
const { Strategy } = require('passport-local')

class TenantStrategy extends Strategy {
  constructor (number) {
    super((user, password, done) => done(null, { user, number }))
    this.groups = Array.from({ length: 60 }, (_, group) => group * number + 0.5)
  }
}

module.exports = {
  holder: [/\bpassport\b|\bAuthenticator\b|\bPassport\b/, /\b_?strategies\b/],
  thing: /\bTenantStrategy\b/,
  count: 1,
  bytes: 800,
  calls: [500, 7000, 7000],
  leak (index) { passport.use(`tenant-${index}`, new TenantStrategy(index)) }
}
