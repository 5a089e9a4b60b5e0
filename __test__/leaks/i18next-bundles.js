'use strict'

// Texts of each tenant are added to i18next as a namespace, and stay when the tenant has gone.

const i18next = require('i18next')

const texts = (tenant) => Object.fromEntries(Array.from({ length: 40 }, (_, key) => [`label${key}`, `text ${key} of tenant ${tenant}`]))

module.exports = {
  // The store's data are the resources of the options, the same object.
  holder: [/\bResourceStore\b|\bi18next\b|\bi18n\b/i, /\bdata\b|\bResourceStore\b|\boptions\.resources\b/],
  thing: /\{label0/,
  bytes: 3200,
  calls: [100, 1500, 1500],
  start: () => i18next.init({ lng: 'en', resources: {} }),
  leak (index) { i18next.addResourceBundle('en', `tenant-${index}`, texts(index)) }
}
