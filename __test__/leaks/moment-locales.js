'use strict'

// Each customer's way to write dates is defined as a locale of moment, which never forgets one.

const moment = require('moment')

module.exports = {
  holder: [/\blocales\b/],
  thing: /\bLocale\b/,
  count: 1,
  bytes: 5000,
  calls: [50, 700, 700],
  leak (index) { moment.defineLocale(`en-x-customer${index}`, { parentLocale: 'en', longDateFormat: { LT: `HH:mm [of ${index}]` }, months: moment.months() }) }
}
